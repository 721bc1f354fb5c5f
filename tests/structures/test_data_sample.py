"""TriModalDataSample: setters check and convert."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from trimodal.structures import TriModalDataSample


@pytest.mark.parametrize(
    'value', [3, [3], np.int64(3), np.array([3]), torch.tensor(3)]
)
@pytest.mark.parametrize('name', ['gt_label', 'pred_label'])
def test_labels_become_int64_vectors(name, value):
    sample = getattr(TriModalDataSample(), f'set_{name}')(value)
    found = getattr(sample, name)
    assert found.dtype == torch.int64
    assert found.tolist() == [3]


def test_several_labels():
    sample = TriModalDataSample().set_gt_label([2, 0])
    assert sample.gt_label.tolist() == [2, 0]


def test_pred_score_with_a_threshold_sets_all_labels_from_it_on():
    sample = TriModalDataSample().set_pred_score([0.5, 0.1, 0.9], 0.5)
    assert sample.pred_label.tolist() == [0, 2]
    assert sample.label_threshold == 0.5
    assert sample.set_pred_score([0.1], 0.5).pred_label.tolist() == []
    assert 'label_threshold' not in TriModalDataSample().set_pred_score([1.0])


def test_pred_score_sets_the_label_too():
    scores = np.array([0.2, 0.5, 0.3])
    sample = TriModalDataSample().set_pred_score(scores)
    assert sample.pred_score.dtype == torch.float32
    assert sample.pred_label.tolist() == [1]
    sample.set_gt_score([0, 1, 0])
    assert sample.gt_score.tolist() == [0, 1, 0]
    assert 'gt_label' not in sample


@pytest.mark.parametrize('name', ['gt_value', 'pred_value'])
def test_values_become_float32_vectors(name):
    sample = getattr(TriModalDataSample(), f'set_{name}')(0.5)
    found = getattr(sample, name)
    assert found.dtype == torch.float32
    assert found.tolist() == [0.5]


def test_a_matrix_is_refused():
    with pytest.raises(ValueError, match=r'gt_value must .* got shape \(2, 2'):
        TriModalDataSample().set_gt_value(np.zeros((2, 2)))


@pytest.mark.parametrize('name', ['gt_text', 'pred_text'])
def test_texts(name):
    setter = f'set_{name}'
    sample = getattr(TriModalDataSample(), setter)('hello')
    assert getattr(sample, name) == 'hello'
    with pytest.raises(TypeError, match=f'{name} must be a str, got 5'):
        getattr(sample, setter)(5)


@pytest.mark.parametrize('name', ['gt_instances', 'pred_instances'])
def test_instances(name):
    boxes = InstanceData(bboxes=torch.zeros(2, 4), labels=torch.zeros(2))
    sample = getattr(TriModalDataSample(), f'set_{name}')(boxes)
    assert len(getattr(sample, name)) == 2
    with pytest.raises(AssertionError):
        getattr(sample, f'set_{name}')(torch.zeros(2, 4))


def test_fields_meta_and_dict():
    """The metrics get to_dict(): fields and meta fields side by side."""
    sample = TriModalDataSample(
        metainfo=dict(sample_id='a', present=('speech',))
    ).set_gt_label(1)
    content = sample.to_dict()
    assert content['sample_id'] == 'a'
    assert content['present'] == ('speech',)
    assert content['gt_label'].tolist() == [1]
    with pytest.raises(AttributeError):
        sample.sample_id = 'b'
