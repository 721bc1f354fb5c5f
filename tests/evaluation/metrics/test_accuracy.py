import math

import pytest
import torch
from mmengine.evaluator import Evaluator

from trimodal.evaluation import Accuracy
from trimodal.registry import METRICS

SCORES = [[0.1, 0.7, 0.2], [0.5, 0.2, 0.3], [0.2, 0.3, 0.5], [0.6, 0.3, 0.1]]


def run(metric, data_samples) -> dict:
    metric.process(None, data_samples)
    return metric.evaluate(len(data_samples))


def test_topk(samples):
    metric = METRICS.build({'type': 'Accuracy', 'topk': (1, 2)})
    assert run(metric, samples(SCORES, [1, 2, 0, 0])) == {
        'accuracy/top1': 0.5,
        'accuracy/top2': 0.75,
    }


def test_samples_without_label_are_left_out_and_counted(samples):
    result = run(Accuracy(), samples(SCORES, [1, None, None, 1]))
    assert result == {'accuracy/top1': 0.5, 'accuracy/unlabelled': 2}


def test_no_label_at_all_is_nan(samples):
    result = run(Accuracy(), samples(SCORES, [None] * 4))
    assert math.isnan(result['accuracy/top1'])
    assert result['accuracy/unlabelled'] == 4


def test_labels_without_scores_suffice_for_top1():
    data_samples = [
        {'pred_label': torch.tensor([p]), 'gt_label': torch.tensor([t])}
        for p, t in [(0, 0), (1, 0)]
    ]
    assert run(Accuracy(), data_samples) == {'accuracy/top1': 0.5}
    metric = Accuracy(topk=(1, 2))
    with pytest.raises(ValueError, match='2 of 2 have none'):
        run(metric, data_samples)


def test_bfloat16_scores(samples):
    data_samples = samples(SCORES, [1, 0, 2, 0])
    for sample in data_samples:
        sample['pred_score'] = sample['pred_score'].bfloat16()
    assert run(Accuracy(), data_samples) == {'accuracy/top1': 1.0}


def test_k_above_the_classes_is_one(samples):
    result = run(Accuracy(topk=5), samples(SCORES, [0, 0, 0, 1]))
    assert result == {'accuracy/top5': 1.0}


def test_grouped_by_present(samples):
    present = [('speech', 'image'), ('speech',), ('speech', 'image'), ()]
    metric = Accuracy(group_by='present')
    assert run(metric, samples(SCORES, [1, 2, 0, 0], present)) == {
        'accuracy/top1': 0.5,
        'accuracy/top1[none]': 1.0,
        'accuracy/top1[speech]': 0.0,
        'accuracy/top1[speech+image]': 0.5,
    }


def test_in_mmengines_evaluator(samples):
    evaluator = Evaluator([Accuracy(), Accuracy(prefix='again')])
    evaluator.process(samples(SCORES, [1, 0, 2, 0]))
    result = evaluator.evaluate(4)
    assert result == {'accuracy/top1': 1.0, 'again/top1': 1.0}


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'topk': (0, 1)}, r'topk must hold values from 1 on, got \(0, 1\)'),
        ({'topk': ()}, 'topk'),
        ({'group_by': 'label'}, "group_by must be None or 'present'"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        Accuracy(**arguments)
