import warnings

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate

from tests.datasets.transforms.samples import make_sample
from trimodal.datasets.transforms import PackInputs
from trimodal.datasets.transforms.formatting import to_tensor
from trimodal.registry import TRANSFORMS


def test_complete_sample() -> None:
    sample = {**make_sample(), 'gt_label': 4, 'gt_text': 'four'}
    sample['gt_value'] = np.array([0.5, 1.5])
    packed = PackInputs()(sample)
    inputs, annotated = packed['inputs'], packed['data_samples']
    assert list(inputs) == ['speech', 'gesture', 'image']
    assert inputs['speech'].dtype == torch.int16
    np.testing.assert_array_equal(inputs['speech'], sample['speech'])
    assert inputs['gesture'].dtype == torch.float32
    np.testing.assert_array_equal(
        inputs['gesture'], sample['gesture'].astype(np.float32)
    )
    assert inputs['gesture'].isnan().any()
    assert inputs['image'].dtype == torch.uint8
    np.testing.assert_array_equal(
        inputs['image'], sample['image'].transpose(2, 0, 1)
    )
    assert annotated.gt_label.tolist() == [4]
    assert annotated.gt_text == 'four'
    assert annotated.gt_value.tolist() == [0.5, 1.5]
    assert annotated.gt_value.dtype == torch.float32
    boxes = annotated.gt_instances
    np.testing.assert_array_equal(boxes.bboxes, sample['gt_bboxes'])
    assert boxes.labels.tolist() == [2, 0, 1]
    assert boxes.labels.dtype == torch.int64
    np.testing.assert_array_equal(boxes.scores, sample['gt_bboxes_scores'])


def test_meta_fields() -> None:
    sample = {**make_sample(), 'speech': None, 'metadata': {'fps': 30}}
    assert PackInputs()(sample)['data_samples'].metainfo == {
        'sample_id': 'a',
        'sample_idx': 3,
        'group': 'g',
        'ori_shape': (96, 128),
        'img_shape': (48, 64),
        'present': ('gesture', 'image'),
    }
    chosen = PackInputs(meta_keys=('metadata', 'unknown'))(sample)
    assert chosen['data_samples'].metainfo == {
        'metadata': {'fps': 30},
        'present': ('gesture', 'image'),
    }


def test_bare_sample_has_no_fields() -> None:
    packed = PackInputs()({'modalities': ('speech',)})
    assert packed['inputs'] == {'speech': None}
    assert list(packed['data_samples'].keys()) == []
    assert packed['data_samples'].present == ()


def test_empty_boxes_are_not_the_same_as_none() -> None:
    sample = {
        'modalities': ('image',),
        'gt_bboxes': np.zeros((0, 4), np.float32),
        'gt_bboxes_labels': np.zeros(0, np.int64),
    }
    instances = PackInputs()(sample)['data_samples'].gt_instances
    assert instances.bboxes.shape == (0, 4)
    assert len(instances) == 0
    assert 'scores' not in instances


def test_crowds() -> None:
    sample = {
        'modalities': ('image',),
        'gt_bboxes': np.zeros((2, 4), np.float32),
        'gt_bboxes_crowds': np.array([True, False]),
    }
    instances = PackInputs()(sample)['data_samples'].gt_instances
    assert instances.crowds.tolist() == [True, False]
    assert instances.crowds.dtype == torch.bool


def test_a_fourth_modality_needs_no_edit() -> None:
    imu = np.random.default_rng(0).normal(size=(50, 6))
    sample = {'modalities': ('imu',), 'imu': imu}
    tensor = PackInputs()(sample)['inputs']['imu']
    assert tensor.dtype == torch.float32
    np.testing.assert_allclose(tensor, imu, rtol=1e-6)


def test_keys_choose() -> None:
    packed = PackInputs(keys=('image', 'speech'))(make_sample())
    assert list(packed['inputs']) == ['image', 'speech']
    assert packed['data_samples'].present == ('image', 'speech')
    with pytest.raises(ValueError, match='keys must name at least one'):
        PackInputs(keys=())


def test_batch_by_pseudo_collate() -> None:
    samples = [make_sample(), {**make_sample(), 'gesture': None}]
    batch = pseudo_collate([PackInputs()(sample) for sample in samples])
    assert batch['inputs']['gesture'][1] is None
    assert [x.shape for x in batch['inputs']['speech']] == [(4000,)] * 2
    assert len(batch['data_samples']) == 2


@pytest.mark.parametrize(
    'array',
    [
        np.arange(6, dtype=np.int16)[::-1],
        np.arange(6.0, dtype=np.float16).reshape(2, 3).T,
        np.zeros((4, 5, 3), np.uint8)[:, ::-1],
        np.zeros((4, 5), np.uint8),
        np.array([True, False]),
    ],
)
def test_to_tensor_takes_views_and_keeps_values(array: np.ndarray) -> None:
    array.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter('error')  # torch warns of read-only memory
        tensor = to_tensor(array)
    expected = array.transpose(2, 0, 1) if array.ndim == 3 else array
    np.testing.assert_array_equal(tensor, expected)
    tensor.flatten()[:] = 1  # writable, and not the file's memory
    assert tensor.is_contiguous()


def test_is_registered() -> None:
    assert isinstance(TRANSFORMS.build({'type': 'PackInputs'}), PackInputs)
