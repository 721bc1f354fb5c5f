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


def test_samples_are_mixed_in_training_only():
    modalities = {'image': {'type': 'ImagePreprocessor'}}
    augments = ({'type': 'Mixup', 'num_classes': 2, 'alpha': 1.0},)
    preprocessor = TriModalDataPreprocessor(modalities, augments)
    pictures = [torch.zeros(3, 4, 4), torch.full((3, 4, 4), 255.0)] * 4
    samples = [TriModalDataSample().set_gt_label(i % 2) for i in range(8)]
    data = {'inputs': {'image': pictures}, 'data_samples': samples}
    plain = preprocessor(data)
    assert all('gt_label' in sample for sample in plain['data_samples'])
    torch.manual_seed(0)
    mixed = preprocessor(data, training=True)
    assert all('gt_score' in sample for sample in mixed['data_samples'])
    low, high = plain['inputs']['image'].data[:2, 0, 0, 0]
    values = mixed['inputs']['image'].data[:, 0, 0, 0]
    shares = torch.stack([s.gt_score for s in mixed['data_samples']])
    torch.testing.assert_close(values, shares @ torch.stack([low, high]))


def test_one_of_several_augmentations_gets_a_batch():
    kinds = [{'type': name, 'num_classes': 2} for name in ('Mixup', 'CutMix')]
    preprocessor = TriModalDataPreprocessor(
        {'image': {'type': 'ImagePreprocessor'}}, kinds
    )
    called = []
    for module in preprocessor.batch_augments:
        module.register_forward_hook(lambda m, *_: called.append(type(m)))
    samples = [TriModalDataSample().set_gt_label(i) for i in range(2)]
    data = {
        'inputs': {'image': [torch.zeros(3, 4, 4)] * 2},
        'data_samples': samples,
    }
    torch.manual_seed(0)
    for _ in range(12):
        preprocessor(data, training=True)
    assert len(called) == 12
    assert len(set(called)) == 2
    with pytest.raises(ValueError, match='need data_samples'):
        preprocessor({'inputs': data['inputs']}, training=True)
