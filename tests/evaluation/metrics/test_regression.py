import math

import numpy as np
import pytest
import torch

from trimodal.evaluation import RegressionMetric
from trimodal.registry import METRICS
from trimodal.structures import TriModalDataSample


def samples(pred, target) -> list[dict]:
    made = []
    for i, (p, t) in enumerate(zip(pred, target, strict=True)):
        sample = TriModalDataSample(metainfo={'sample_id': f's{i}'})
        sample.set_pred_value(p)
        if t is not None:
            sample.set_gt_value(t)
        made.append(sample.to_dict())
    return made


def run(metric, pred, target) -> dict:
    metric.process(None, samples(pred, target))
    return metric.evaluate(len(pred))


def test_mean_and_each_output():
    metric = METRICS.build(
        dict(
            type='RegressionMetric',
            items=['mae', 'rmse'],
            per_output=True,
            names=['age', 'height'],
        )
    )
    target = [[1.0, 10.0], None, [3.0, float('nan')]]
    pred = [[2.0, 14.0], [9.0, 9.0], [3.0, 9.0]]
    assert run(metric, pred, target) == {
        'regression/mae': 2.25,
        'regression/rmse': pytest.approx((0.5**0.5 + 4) / 2),
        'regression/mae/age': 0.5,
        'regression/mae/height': 4.0,
        'regression/rmse/age': pytest.approx(0.5**0.5),
        'regression/rmse/height': 4.0,
        'regression/unannotated': 1,
    }


def test_all_items_of_one_output():
    pred, target = np.random.default_rng(0).normal(size=(2, 20))
    result = run(RegressionMetric(), pred.tolist(), target.tolist())
    expected = RegressionMetric.calculate(
        np.float32(pred)[:, None], np.float32(target)[:, None]
    )
    assert result == {f'regression/{k}': v for k, v in expected.items()}
    assert len(result) == 7


def test_nothing_annotated_is_nan():
    metric = RegressionMetric(per_output=True, names=['age'])
    result = run(metric, [1.0, 2.0], [None, None])
    assert result.pop('regression/unannotated') == 2
    assert len(result) == 7
    assert all(math.isnan(value) for value in result.values())


@pytest.mark.parametrize(
    ('pred', 'target', 'message'),
    [
        ([[1.0, 2.0]], [[1.0]], "'s0': pred_value has 2 values and gt_va"),
        ([[1.0], [1.0, 2.0]], [[1.0], [1.0, 2.0]], r'as many values .*\[1, 2'),
        ([[1.0]], [[1.0]], r"names must name 1 outputs, got \('a', 'b'\)"),
    ],
)
def test_refuses_data(pred, target, message):
    metric = RegressionMetric(per_output=True, names=['a', 'b'])
    with pytest.raises(ValueError, match=message):
        run(metric, pred, target)


def test_refuses_arguments():
    with pytest.raises(ValueError, match='items must be some of'):
        RegressionMetric(items=['mse', 'mape'])


def test_half_precision():
    metric = RegressionMetric(items=['mse'])
    value = torch.ones(1, dtype=torch.bfloat16)
    metric.process(None, [{'pred_value': value, 'gt_value': value + 1}])
    assert metric.evaluate(1) == {'regression/mse': 1}
