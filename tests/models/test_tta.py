"""Averages over the variants of a sample."""

from typing import Any

import pytest
import torch
from mmengine.structures import InstanceData
from torch import nn

from trimodal.models.tta import TriModalTTAModel
from trimodal.structures import TriModalDataSample


class Echo(nn.Module):
    """Predicts what it is given."""

    def test_step(self, data: dict[str, Any]) -> list[TriModalDataSample]:
        pairs = zip(data['inputs'], data['data_samples'], strict=True)
        return [sample.new().set_pred_score(x) for x, sample in pairs]


def samples() -> list[TriModalDataSample]:
    return [
        TriModalDataSample(metainfo={'sample_id': name}).set_gt_label(1)
        for name in 'ab'
    ]


def test_scores_are_averaged():
    """Two variants of two samples; the mean may change the answer."""
    model = TriModalTTAModel(Echo())
    data = {
        'inputs': [[[0.6, 0.4], [0.2, 0.8]], [[0.1, 0.9], [0.4, 0.6]]],
        'data_samples': [samples(), samples()],
    }
    first, second = model.test_step(data)
    torch.testing.assert_close(first.pred_score, torch.tensor([0.35, 0.65]))
    torch.testing.assert_close(second.pred_score, torch.tensor([0.3, 0.7]))
    assert first.pred_label.tolist() == second.pred_label.tolist() == [1]
    assert (first.sample_id, second.sample_id) == ('a', 'b')
    assert first.gt_label.tolist() == [1]


def test_values_and_weights_are_averaged():
    variants = samples()
    for sample, value in zip(variants, (1.0, 2.0), strict=True):
        sample.set_pred_value(value)
        sample.modality_weights = torch.tensor([value, 0.0])
    (merged,) = TriModalTTAModel(Echo()).merge_preds([variants])
    assert merged.pred_value.tolist() == [1.5]
    assert merged.modality_weights.tolist() == [1.5, 0.0]
    assert variants[0].pred_value.tolist() == [1.0]


def test_boxes_are_refused():
    (sample, _) = samples()
    sample.set_pred_instances(InstanceData(bboxes=torch.zeros(1, 4)))
    with pytest.raises(ValueError, match=r'pred_instances .* --tta'):
        TriModalTTAModel(Echo()).merge_preds([[sample, sample]])


def test_labels_without_scores_are_refused():
    (sample, _) = samples()
    sample.set_pred_label(1)
    with pytest.raises(ValueError, match=r'pred_label .* --tta'):
        TriModalTTAModel(Echo()).merge_preds([[sample, sample]])


def test_others_of_the_first_variant():
    """What can be averaged is, in a model of several tasks."""
    variants = samples()
    for i, sample in enumerate(variants):
        sample.set_pred_value(float(i)).set_pred_text(f'{i}')
        sample.set_pred_instances(InstanceData(bboxes=torch.full((1, 4), i)))
    model = TriModalTTAModel(Echo(), others='first')
    (merged,) = model.merge_preds([variants])
    assert merged.pred_value.tolist() == [0.5]
    assert merged.pred_text == '0'
    assert merged.pred_instances.bboxes.tolist() == [[0] * 4]
    with pytest.raises(ValueError, match='pred_instances and pred_text of'):
        TriModalTTAModel(Echo()).merge_preds([variants])


def test_several_classes_follow_from_the_mean_scores():
    variants = samples()
    variants[0].set_pred_score([0.9, 0.2, 0.5], threshold=0.5)
    variants[1].set_pred_score([0.2, 0.1, 0.6], threshold=0.5)
    (merged,) = TriModalTTAModel(Echo()).merge_preds([variants])
    assert merged.pred_label.tolist() == [0, 2]


def test_so_many_classes_as_each_variant_has():
    variants = samples()
    for sample, scores in zip(variants, ([9, 8, 1], [1, 8, 7]), strict=True):
        sample.set_pred_score(scores)
        sample.set_pred_label(sample.pred_score.topk(2).indices)
    (merged,) = TriModalTTAModel(Echo()).merge_preds([variants])
    assert merged.pred_label.tolist() == [1, 0]


def test_refuses():
    with pytest.raises(ValueError, match="others must be 'refuse' or 'first'"):
        TriModalTTAModel(Echo(), others='last')
