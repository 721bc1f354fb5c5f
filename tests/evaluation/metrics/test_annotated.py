import pickle

import numpy as np
import pytest
import torch

from trimodal.evaluation import RegressionMetric
from trimodal.evaluation.metrics.annotated import check_choices, to_array


def test_one_record_a_sample_also_without_annotation():
    metric = RegressionMetric(items=['mse'])
    metric.process(
        None,
        [
            {'pred_value': torch.ones(1), 'gt_value': torch.zeros(1)},
            {'pred_value': torch.ones(1)},
        ],
    )
    assert metric.results == [(np.ones(1), np.zeros(1)), ()]
    assert pickle.loads(pickle.dumps(metric.results)) == metric.results
    assert metric.evaluate(2) == {
        'regression/mse': 1,
        'regression/unannotated': 1,
    }


def test_missing_prediction_names_the_sample():
    with pytest.raises(ValueError, match=r"'a' has 'gt_value' but no 'pred_v"):
        RegressionMetric().process(
            None, [{'sample_id': 'a', 'gt_value': torch.zeros(1)}]
        )


def test_bfloat16():
    assert to_array(torch.ones(2, dtype=torch.bfloat16)).tolist() == [1, 1]
    assert to_array(torch.tensor([3])).dtype == np.int64


@pytest.mark.parametrize('value', ['a', [], ['a', 'c']])
def test_refuses_choices(value):
    with pytest.raises(
        ValueError, match=r"items must be some of \('a', 'b'\)"
    ):
        check_choices('items', value, ('a', 'b'))
