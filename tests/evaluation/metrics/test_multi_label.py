import math

import numpy as np
import pytest

from trimodal.evaluation import MultiLabelMetric
from trimodal.structures import TriModalDataSample

SCORES = np.array(
    [[0.9, 0.2, 0.7], [0.1, 0.6, 0.2], [0.4, 0.1, 0.3], [0.5, 0.5, 0.5]],
    dtype=np.float32,
)


def run(metric, truths, field) -> dict:
    made = []
    for i, (scores, truth) in enumerate(zip(SCORES, truths, strict=True)):
        sample = TriModalDataSample(metainfo={'sample_id': f's{i}'})
        sample.set_pred_score(scores)
        if truth is not None:
            getattr(sample, f'set_{field}')(np.array(truth))
        made.append(sample.to_dict())
    metric.process(None, made)
    return metric.evaluate(len(made))


def test_labels_and_scores_say_the_same():
    """The third sample is of no class, the fourth is not annotated."""
    by_label = run(MultiLabelMetric(), [[0, 2], [0, 1], [], None], 'gt_label')
    by_score = run(
        MultiLabelMetric(),
        [[1, 0, 0.5], [0.9, 1, 0.4], [0, 0, 0], None],
        'gt_score',
    )
    target = [[1, 0, 1], [1, 1, 0], [0, 0, 0]]
    expected = MultiLabelMetric.calculate(SCORES[:3], np.array(target, bool))
    assert by_label == by_score
    assert by_label.pop('multi-label/unannotated') == 1
    assert by_label == {f'multi-label/{k}': v for k, v in expected.items()}
    assert expected['exact_match'] == pytest.approx(2 / 3)
    assert expected['hamming'] == pytest.approx(1 / 9)


def test_threshold_and_items():
    metric = MultiLabelMetric(items=['hamming'], threshold=0.05)
    assert run(metric, [[0], [1], [2], []], 'gt_label') == {
        'multi-label/hamming': 0.75
    }


def test_nothing_annotated_is_nan():
    result = run(MultiLabelMetric(), [None] * 4, 'gt_label')
    assert result.pop('multi-label/unannotated') == 4
    assert len(result) == 5
    assert all(math.isnan(value) for value in result.values())


@pytest.mark.parametrize(
    ('truth', 'field', 'message'),
    [
        ([0, 3], 'gt_label', r"'s0': gt_label must hold classes from 0 to 2"),
        ([1, 0], 'gt_score', "'s0': pred_score is of 3 classes, gt_score"),
    ],
)
def test_refuses_data(truth, field, message):
    with pytest.raises(ValueError, match=message):
        run(MultiLabelMetric(), [truth, None, None, None], field)


def test_refuses_arguments():
    with pytest.raises(ValueError, match='items must be some of'):
        MultiLabelMetric(items=['accuracy'])
    with pytest.raises(ValueError, match='threshold must be in 0 to 1, got 2'):
        MultiLabelMetric(threshold=2)
