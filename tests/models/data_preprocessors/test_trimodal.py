"""The preprocessor of all modalities."""

import pytest
import torch

from trimodal.models import TriModalDataPreprocessor
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput, TriModalDataSample


def make() -> TriModalDataPreprocessor:
    return MODELS.build(
        {
            'type': 'TriModalDataPreprocessor',
            'modalities': {
                'speech': {
                    'type': 'SpeechPreprocessor',
                    'spec_augment': {'type': 'SpecAugment'},
                },
                'gesture': {'type': 'GesturePreprocessor'},
                'image': {'type': 'ImagePreprocessor'},
            },
        }
    )


def batch() -> dict:
    return {
        'inputs': {
            'speech': [torch.randn(8000), None],
            'gesture': [None, torch.randn(4, 2, 21, 3)],
            'image': [None, None],
        },
        'data_samples': [TriModalDataSample(), TriModalDataSample()],
    }


def test_every_modality_gets_its_own():
    preprocessor, data = make(), batch()
    got = preprocessor(data)
    assert list(got['inputs']) == ['speech', 'gesture', 'image']
    for name, x in got['inputs'].items():
        assert isinstance(x, ModalityInput)
        want = preprocessor.modalities[name](data['inputs'][name])
        assert torch.equal(x.data, want.data)
        assert torch.equal(x.mask, want.mask)
    assert len(got['data_samples']) == 2
    present = [x.present.tolist() for x in got['inputs'].values()]
    assert present == [[True, False], [False, True], [False, False]]


def test_training_is_passed_on():
    preprocessor, data = make(), batch()
    plain = preprocessor(data)['inputs']['speech'].data
    augmented = preprocessor(data, training=True)['inputs']['speech'].data
    assert not torch.equal(plain, augmented)


def test_nothing_is_changed_in_place():
    data = batch()
    inputs = {name: list(values) for name, values in data['inputs'].items()}
    make()(data, training=True)
    for name, values in inputs.items():
        assert all(
            a is b for a, b in zip(values, data['inputs'][name], strict=True)
        )


def test_a_missing_modality_is_absent_for_all():
    data = batch()
    del data['inputs']['image'], data['data_samples']
    data['inputs']['unknown'] = [1, 2, 3]
    got = make()(data)
    assert got['data_samples'] is None
    assert got['inputs']['image'].present.tolist() == [False, False]
    assert 'unknown' not in got['inputs']


def test_a_fourth_modality_needs_no_edit():
    class Imu(torch.nn.Module):
        def forward(self, items, training=False):
            data = torch.stack(items)
            return ModalityInput(data, torch.ones(data.shape[:2]).bool())

    preprocessor = TriModalDataPreprocessor(modalities={'imu': Imu()})
    got = preprocessor({'inputs': {'imu': [torch.randn(5, 6)] * 3}})
    assert got['inputs']['imu'].data.shape == (3, 5, 6)


def test_bad_batches():
    data = batch()
    data['inputs']['speech'].append(None)
    with pytest.raises(ValueError, match="'speech': 3, 'gesture': 2"):
        make()(data)
    with pytest.raises(ValueError, match=r"keys \['imu'\]"):
        make()({'inputs': {'imu': [None]}})
    with pytest.raises(ValueError, match='modalities'):
        TriModalDataPreprocessor(modalities={})
