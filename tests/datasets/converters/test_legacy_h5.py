import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from trimodal.datasets import PackedTriModalDataset
from trimodal.datasets.converters.legacy_h5 import (
    LegacyOptions,
    convert_legacy_h5,
    gesture_arrays,
    image_arrays,
    speech_arrays,
)

SPEECH = np.array([0, 16384, -32768], np.int16)
HANDS = np.linspace(0.1, 1, 4 * 126, dtype=np.float32).reshape(4, 2, 21, 3)
IMAGE = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)


def write_split(
    folder: Path, arrays: dict[str, dict[str, Any]], annotations: Any
) -> None:
    with h5py.File(folder / 'train_features.h5', 'w') as file:
        for modality, samples in arrays.items():
            group = file.create_group(modality)
            for name, value in samples.items():
                group[name] = value
    path = folder / 'train_annotations.json'
    path.write_text(json.dumps(annotations))


def converted(folder: Path, *options: Any) -> PackedTriModalDataset:
    counts = convert_legacy_h5(folder, folder / 'out', LegacyOptions(*options))
    dataset = PackedTriModalDataset(str(folder / 'out' / 'train.h5'))
    assert counts == {'train': len(dataset)}
    return dataset


def test_split(tmp_path: Path):
    hands = HANDS.copy()
    hands[1:3, 0] = 0
    write_split(
        tmp_path,
        {
            'speech': {'a': SPEECH, 'b': SPEECH / np.float32(32768)},
            'gesture': {'b': hands, 'c': np.zeros_like(hands)},
            'image': {'c': IMAGE},
        },
        {
            'metainfo': {'classes': ['no', 'yes']},
            'samples': [
                {'id': 'a', 'label': 1, 'speech_path': 'gone/a.wav'},
                {'id': 'b', 'transcription': 'hi', 'target': 0.5},
                {'id': 'c', 'group': 'g', 'metadata': {'x': 1}},
            ],
        },
    )
    dataset = converted(tmp_path, 8000, 25.0)
    a, b, c = dataset
    assert dataset.metainfo['classes'] == ('no', 'yes')
    assert a['speech_sample_rate'] == 8000
    assert a['gesture_fps'] == 25.0
    for info in (a, b):
        np.testing.assert_array_equal(info['speech'], SPEECH)
    assert [info['gesture'] is None for info in (a, b, c)] == [1, 0, 1]
    assert np.isnan(b['gesture'][1:3, 0]).all()
    np.testing.assert_array_equal(
        b['gesture'][:, 1], hands[:, 1].astype(np.float16)
    )
    np.testing.assert_array_equal(c['image'], IMAGE)
    assert (a['gt_label'], b['gt_text'], c['group']) == (1, 'hi', 'g')
    assert c['metadata'] == {'x': 1}


def test_data_sets_named_by_place_and_a_bare_list(tmp_path: Path):
    speech = {'0': SPEECH, '1': SPEECH[:2]}
    samples = [{'id': 'a', 'label': 3}, {'id': 'b'}]
    write_split(tmp_path, {'speech': speech}, samples)
    dataset = converted(tmp_path)
    assert [len(info['speech']) for info in dataset] == [3, 2]
    assert dataset[0]['modalities'] == ('speech',)
    assert dataset.gt_labels().tolist() == [3, -1]


def test_pictures_of_many_sizes(tmp_path: Path):
    pictures = {'a': IMAGE, 'b': IMAGE.reshape(4, 2, 3)}
    samples = [{'id': 'a'}, {'id': 'b'}]
    write_split(tmp_path, {'image': pictures}, samples)
    for info in converted(tmp_path):
        np.testing.assert_array_equal(
            info['image'], pictures[info['sample_id']]
        )


def test_names_that_fit_no_sample(tmp_path: Path):
    write_split(tmp_path, {'speech': {'x': SPEECH}}, [{'id': 'a'}])
    message = r"under /speech is named .* called \['x'\], the samples \['a'\]"
    with pytest.raises(ValueError, match=message):
        convert_legacy_h5(tmp_path, tmp_path)


def test_an_array_at_fault_is_named(tmp_path: Path):
    write_split(tmp_path, {'image': {'a': IMAGE[0, 0]}}, [{'id': 'a'}])
    with pytest.raises(
        ValueError, match=r'train_features.h5: /image/a: shape'
    ):
        convert_legacy_h5(tmp_path, tmp_path / 'out')
    assert not [*(tmp_path / 'out').iterdir()]


def test_nothing_to_convert(tmp_path: Path):
    with pytest.raises(ValueError, match=r'no \{split\}_features.h5 in'):
        convert_legacy_h5(tmp_path, tmp_path)
    h5py.File(tmp_path / 'train_features.h5', 'w').close()
    with pytest.raises(ValueError, match=r'train_annotations\.json'):
        convert_legacy_h5(tmp_path, tmp_path)


def test_speech():
    wave = np.array([[0.5, -1, 1, 1.01]])
    assert speech_arrays(wave)['data'].tolist() == [
        16384,
        -32768,
        32767,
        32767,
    ]
    assert speech_arrays(SPEECH[:1, None])['data'].tolist() == [0]
    for bad in (np.ones((3, 80)), np.ones(3, np.int32), np.full(3, 300.0)):
        with pytest.raises(ValueError, match=r'no waveform|must be int16'):
            speech_arrays(bad)


@pytest.mark.parametrize('shape', [(4, 2, 21, 3), (4, 42, 3), (4, 126)])
def test_both_hands(shape: tuple[int, ...]):
    arrays = gesture_arrays(HANDS.reshape(shape))
    assert arrays['data'].dtype == np.float16
    np.testing.assert_array_equal(arrays['data'], HANDS.astype(np.float16))
    assert arrays['valid'].all()


@pytest.mark.parametrize('hand', [0, 1])
def test_one_hand(hand: int):
    arrays = gesture_arrays(HANDS[:, 0], hand)
    one = HANDS[:, 0].astype(np.float16)
    np.testing.assert_array_equal(arrays['data'][:, hand], one)
    assert np.isnan(arrays['data'][:, 1 - hand]).all()
    assert arrays['valid'].sum(0)[hand] == 4


def test_other_landmarks():
    assert gesture_arrays(np.zeros((4, 2, 21, 3))) is None
    for bad in (np.ones((4, 2, 21, 2)), np.ones((4, 126), int)):
        with pytest.raises(ValueError, match=r'should be floats of shape'):
            gesture_arrays(bad)


def test_images():
    np.testing.assert_array_equal(image_arrays(IMAGE)['data'], IMAGE)
    channels_first = image_arrays(IMAGE.transpose(2, 0, 1))
    np.testing.assert_array_equal(channels_first['data'], IMAGE)
    grey = image_arrays(np.array([[0.0, 0.5], [1, 0.2]]))['data']
    assert (
        grey[..., 0].tolist() == grey[..., 2].tolist() == [[0, 128], [255, 51]]
    )
    for bad in (IMAGE[0, 0], IMAGE.astype(int), np.full((2, 4, 3), 2.0)):
        with pytest.raises(ValueError, match=r'should be|must be'):
            image_arrays(bad)


@pytest.mark.parametrize(
    'options', [dict(fps=0), dict(sample_rate=-1), dict(hand='both')]
)
def test_options(options: dict):
    with pytest.raises(ValueError, match='must be'):
        LegacyOptions(**options)
