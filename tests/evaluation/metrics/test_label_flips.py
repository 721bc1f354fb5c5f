import math

import pytest
import torch

from trimodal.evaluation import LabelFlipRate
from trimodal.registry import METRICS


def sample(group, name, pred, target=None) -> dict:
    made = {
        'group': group,
        'sample_id': name,
        'pred_label': torch.tensor([pred]),
    }
    if target is not None:
        made['gt_label'] = torch.tensor([target])
    return made


def test_rates_by_hand():
    """Given in any order; windows 1, 2, 10, 11 of a, 1 and 2 of b."""
    metric = METRICS.build(dict(type='LabelFlipRate'))
    metric.process(
        None,
        [
            sample('a', 'a10', 3, 2),
            sample('b', 'b1', 3, 3),
            sample('a', 'a1', 1, 1),
            sample('a', 'a11', 2, 2),
            sample('b', 'b2', 3),
            sample('a', 'a2', 1, 2),
            sample(None, 'c', 0, 0),
        ],
    )
    # Of a: 1 1 3 2, truly 1 2 2 2. Of b: 3 3, the second unknown.
    assert metric.evaluate(7) == {
        'label-flips/rate': 2 / 4,
        'label-flips/true_rate': pytest.approx(1 / 3),
        'label-flips/needless': 1,
        'label-flips/ungrouped': 1,
    }


def test_without_pairs_is_nan():
    metric = LabelFlipRate()
    metric.process(None, [sample('a', 'a', 0), sample(None, 'b', 0)])
    result = metric.evaluate(2)
    assert result.pop('label-flips/ungrouped') == 1
    assert len(result) == 3
    assert all(math.isnan(value) for value in result.values())
    metric.process(None, [sample(None, 'b', 0)])
    assert math.isnan(metric.evaluate(1)['label-flips/rate'])


def test_refuses_a_sample_without_a_class():
    with pytest.raises(ValueError, match=r"'a' has 0 classes in 'pred_label"):
        LabelFlipRate().process(None, [{'sample_id': 'a', 'group': 'b'}])
