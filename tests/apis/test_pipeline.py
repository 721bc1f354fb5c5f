import numpy as np
import pytest

from tests.apis.conftest import PREPARATION, RATE
from trimodal.apis.media import check_inputs
from trimodal.apis.pipeline import MediaPipeline
from trimodal.datasets import PackedTriModalDataset
from trimodal.datasets.preparation import build_preparers


@pytest.fixture
def pipeline() -> MediaPipeline:
    return MediaPipeline(
        build_preparers(PREPARATION),
        [{'type': 'PackInputs'}],
        ('speech', 'gesture', 'image'),
    )


def run(pipeline, inputs, skip_unreadable=False):
    (given,) = check_inputs(inputs, pipeline.fields)
    return pipeline(given, skip_unreadable)


def test_same_as_the_packed_data_set(pipeline, config_file, three_files):
    packed = PackedTriModalDataset(str(config_file.parent / 'val.h5'))
    expected = packed.get_data_info(2)
    inputs = run(pipeline, three_files)['inputs']
    assert list(inputs) == ['speech', 'gesture', 'image']
    np.testing.assert_array_equal(inputs['speech'], expected['speech'])
    np.testing.assert_array_equal(inputs['gesture'], expected['gesture'])
    np.testing.assert_array_equal(
        inputs['image'], expected['image'].transpose(2, 0, 1)
    )


def test_info_has_the_keys_of_a_data_set(config_file, three_files):
    kept = {}
    pipeline = MediaPipeline(
        build_preparers(PREPARATION),
        [lambda results: kept.update(results) or results],
        ('speech', 'gesture', 'image'),
    )
    run(pipeline, three_files)
    packed = PackedTriModalDataset(str(config_file.parent / 'val.h5'))
    expected = packed.get_data_info(2)
    assert kept.keys() == expected.keys() - {'gt_label'} | {'metadata'}
    for key in ('speech_sample_rate', 'gesture_fps', 'ori_shape'):
        assert kept[key] == expected[key]
    assert kept['sample_id'] == 'val_2'


def test_modality_without_a_preparer_is_absent(three_files):
    preparers = build_preparers({'image': PREPARATION['image']})
    pipeline = MediaPipeline(
        preparers, [{'type': 'PackInputs'}], ('speech', 'image')
    )
    assert pipeline.fields == ('image_path',)
    assert pipeline.rates == {}
    packed = run(pipeline, {'image': three_files['image']})
    assert packed['inputs']['speech'] is None
    assert packed['data_samples'].present == ('image',)


def test_preparer_that_the_model_does_not_read_is_left_out():
    pipeline = MediaPipeline(
        build_preparers(PREPARATION), [], ('speech', 'gesture')
    )
    assert pipeline.fields == ('speech_path', 'gesture_path', 'video_path')
    assert pipeline.rates == {'speech': RATE, 'gesture': 10}


def test_unreadable_file(pipeline, three_files, tmp_path):
    bad = tmp_path / 'bad.wav'
    bad.write_bytes(b'no sound')
    inputs = {**three_files, 'speech': bad}
    with pytest.raises(ValueError, match=r'no speech from bad\.wav: can not'):
        run(pipeline, inputs)
    packed = run(pipeline, inputs, skip_unreadable=True)
    assert packed['data_samples'].present == ('gesture', 'image')


def test_nothing_in_a_sound_file_is_no_error(pipeline, three_files, caplog):
    silence = (np.zeros(1600, np.int16), RATE)
    packed = run(pipeline, {**three_files, 'speech': silence})
    assert packed['data_samples'].present == ('gesture', 'image')


def test_metadata_reach_the_preparers(pipeline, three_files):
    landmarks = np.load(three_files['gesture'])
    packed = run(pipeline, {'gesture': landmarks, 'metadata': {'fps': 20}})
    assert len(packed['inputs']['gesture']) == 4
    packed = run(pipeline, {'gesture': (landmarks, 20)})
    assert len(packed['inputs']['gesture']) == 4
