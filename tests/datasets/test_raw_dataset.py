import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from trimodal.datasets import PackedTriModalDataset, RawTriModalDataset
from trimodal.datasets.annotations import AnnotationError
from trimodal.datasets.preparation import (
    ImagePreparer,
    Prepared,
    Preparer,
    prepare_dataset,
)
from trimodal.registry import DATASETS, TASK_UTILS

PREPARATION = dict(
    speech=dict(type='SpeechPreparer', target_sample_rate=8000),
    gesture=dict(type='GesturePreparer', normalize_coordinates=False),
    image=dict(type='ImagePreparer', target_size=(20, 10)),
)


def write_media(root: Path) -> None:
    rng = np.random.default_rng(0)
    for k in range(2):
        wave = 0.1 * rng.standard_normal(4000)
        soundfile.write(root / f'{k}.wav', wave, 16000)
        picture = rng.integers(0, 256, (20, 40, 3), np.uint8)
        Image.fromarray(picture).save(root / f'{k}.png')
        hands = rng.random((5, 2, 21, 3)).astype(np.float32)
        hands[2:, 0] = np.nan
        np.savez(root / f'{k}.npz', landmarks=hands)
    (root / 'broken.wav').write_bytes(b'no sound')


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / 'set' / 'train'
    root.mkdir(parents=True)
    write_media(root)
    boxes = [{'class': 0, 'bbox': [4, 4, 20, 12], 'confidence': 0.5}]
    samples = [
        dict(
            id='a',
            group='g',
            label=1,
            speech_path='0.wav',
            gesture_path='0.npz',
            image_path='0.png',
            transcription='hi',
            target=0.5,
            bounding_boxes=boxes,
            metadata={'x': 1},
        ),
        dict(id='b', label=0, image_path='1.png'),
        dict(id='c', speech_path='broken.wav', gesture_path='1.npz'),
    ]
    metainfo = dict(classes=['no', 'yes'], detection_classes=['cup'])
    (root / 'annotations.json').write_text(
        json.dumps(dict(metainfo=metainfo, samples=samples))
    )
    return root


def raw(root: Path, **options) -> RawTriModalDataset:
    path = root / 'annotations.json'
    options = {'preparation': PREPARATION, **options}
    return RawTriModalDataset(str(path), **options)


def assert_same(one: dict, two: dict) -> None:
    one, two = dict(one), dict(two)
    assert one.pop('rng').random() == two.pop('rng').random()
    assert set(one) == set(two)
    for key, value in one.items():
        if not isinstance(value, np.ndarray):
            assert value == two[key], key
            continue
        assert value.dtype == two[key].dtype, key
        np.testing.assert_array_equal(value, two[key])


def test_same_as_packed(root: Path, tmp_path: Path):
    prepare_dataset(root.parent, tmp_path / 'out', PREPARATION, workers=1)
    packed = PackedTriModalDataset(str(tmp_path / 'out' / 'train.h5'))
    dataset = raw(root)
    assert len(dataset) == len(packed) == 3
    for one, two in zip(dataset, packed, strict=True):
        assert_same(one, two)
    preparations = [d.metainfo.pop('preparation') for d in (dataset, packed)]
    assert preparations[0]['speech'] == preparations[1]['speech']
    assert packed.metainfo['classes'] == dataset.metainfo['classes']


def test_sample(root: Path):
    info = raw(root)[0]
    assert info['speech'].dtype == np.int16
    assert info['speech_sample_rate'] == 8000
    assert info['gesture'].shape == (5, 2, 21, 3)
    assert np.isnan(info['gesture'][2:, 0]).all()
    assert info['image'].shape == (20, 10, 3)
    assert info['img_shape'] == (20, 10)
    assert info['ori_shape'] == (20, 40)
    # 40 pixels wide become 10, 20 high remain.
    np.testing.assert_allclose(info['gt_bboxes'], [[1, 4, 5, 12]])
    assert info['gt_label'] == 1
    assert info['metadata'] == {'x': 1}


def test_a_broken_file_is_an_absent_modality(root: Path):
    info = raw(root)[2]
    assert info['speech'] is None
    assert info['image'] is None
    assert info['gesture'].shape == (5, 2, 21, 3)
    assert 'metadata' not in info


def test_a_broken_file_is_told_once(root: Path, monkeypatch):
    told = []
    monkeypatch.setattr(
        'mmengine.logging.MMLogger.warning',
        lambda self, text, *args: told.append(text % args),
    )
    dataset = raw(root)
    for _ in range(2):
        dataset[2]
    assert len(told) == 1
    assert told[0].startswith("sample 'c' has no speech: ")


def test_modalities_filter_and_labels(root: Path):
    dataset = raw(
        root,
        modalities=['image', 'speech'],
        filter_cfg=dict(require=('speech',)),
    )
    assert dataset[0]['modalities'] == ('image', 'speech')
    assert [info['sample_id'] for info in dataset] == ['a', 'c']
    assert dataset.gt_labels().tolist() == [1, -1]
    assert raw(root).get_cat_ids(0) == [1]
    with pytest.raises(ValueError, match=r"\['imu'\] have no preparer"):
        raw(root, modalities=['imu'])


def test_faults_of_the_annotations(root: Path):
    (root / '1.png').unlink()
    with pytest.raises(AnnotationError, match=r"'b'.*no such file"):
        raw(root)
    dataset = raw(root, skip_bad=True)
    assert [info['sample_id'] for info in dataset] == ['a', 'c']
    # Media of modalities that are not read need not be there.
    assert len(raw(root, modalities=['speech'])) == 3


def test_swapped_by_type_in_a_config(root: Path):
    dataset = DATASETS.build(
        dict(
            type='RawTriModalDataset',
            ann_file='annotations.json',
            data_root=str(root),
            preparation=PREPARATION,
            pipeline=[dict(type='PackInputs')],
        )
    )
    packed = dataset[0]
    assert packed['inputs']['image'].shape == (3, 20, 10)
    assert packed['data_samples'].present == ('speech', 'gesture', 'image')


def test_pickles(root: Path):
    dataset = raw(root)
    copy = pickle.loads(pickle.dumps(dataset))
    assert_same(dataset[0], copy[0])


def test_jpeg_encoding(root: Path):
    preparer = ImagePreparer(target_size=(20, 40), encoding='jpeg')
    info = raw(root, preparation=dict(image=preparer))[1]
    assert info['image'].shape == (20, 40, 3)
    assert 'image_encoding' not in info


@TASK_UTILS.register_module()
class MotionPreparer(Preparer):
    fields = ('imu_path',)

    def __call__(self, path, field, annotation) -> Prepared:
        return Prepared({'data': np.load(path)}, annotation)


def test_a_fourth_modality(root: Path):
    np.save(root / 'imu.npy', np.ones((7, 6), np.float32))
    path = root / 'annotations.json'
    content = json.loads(path.read_text())
    content['samples'][1]['imu_path'] = 'imu.npy'
    path.write_text(json.dumps(content))
    dataset = raw(root, preparation=dict(imu=dict(type='MotionPreparer')))
    assert dataset[1]['imu'].shape == (7, 6)
    assert dataset[0]['imu'] is None


def test_one_annotation_file_only(root: Path):
    shutil.copy(root / 'annotations.json', root / 'more.json')
    paths = [str(root / name) for name in ('annotations.json', 'more.json')]
    with pytest.raises(ValueError, match='must be one annotation file'):
        RawTriModalDataset(paths, PREPARATION)


def test_what_is_kept_is_the_same(root: Path):
    dataset = raw(root, cache=True)
    for _ in range(2):
        for one, two in zip(dataset, raw(root), strict=True):
            assert_same(one, two)
