import math

import pytest
import torch

from trimodal.evaluation import CalibrationError, RocAuc


@pytest.mark.parametrize('metric', [CalibrationError, RocAuc])
def test_scores_are_needed(metric):
    built = metric()
    built.process(
        None,
        [{'pred_label': torch.tensor([1]), 'gt_label': torch.tensor([1])}],
    )
    with pytest.raises(ValueError, match=r'needs .pred_score.* 1 of 1 have'):
        built.evaluate(1)


@pytest.mark.parametrize('metric', [CalibrationError, RocAuc])
def test_no_label_is_nan(samples, metric):
    built = metric()
    built.process(None, samples([[0.2, 0.8]] * 2, [None, None]))
    result = built.evaluate(2)
    assert result.pop(f'{built.default_prefix}/unlabelled') == 2
    assert result
    assert all(math.isnan(v) for k, v in result.items() if 'undef' not in k)
