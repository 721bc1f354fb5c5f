import pytest

from trimodal.evaluation import CalibrationError
from trimodal.registry import METRICS


def test_error_of_the_labelled_samples(samples):
    metric = METRICS.build(dict(type='CalibrationError', num_bins=10))
    scores = [[0.8, 0.2], [0.8, 0.2], [0.3, 0.7], [0.9, 0.1]]
    metric.process(None, samples(scores, [0, 1, 1, None]))
    assert metric.evaluate(4) == {
        'calibration/ece': pytest.approx((0.6 + 0.3) / 3),
        'calibration/unlabelled': 1,
    }


def test_refuses():
    with pytest.raises(ValueError, match='num_bins must be 1 or more, got 0'):
        CalibrationError(num_bins=0)
