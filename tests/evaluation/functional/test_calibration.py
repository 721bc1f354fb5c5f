import numpy as np
import pytest

from trimodal.evaluation.functional import expected_calibration_error


def test_by_hand():
    """Ten bins, of which four have samples; 0.5 is in (0.4, 0.5]."""
    scores = [[0.95, 0.05], [0.93, 0.07], [0.4, 0.6], [0.62, 0.38], [0.5, 0.5]]
    target = [0, 1, 1, 1, 0]
    # Bin (0.9, 1]: right 1 of 2, said 0.94. Bin (0.5, 0.6]: 1 of 1, said 0.6.
    # Bin (0.6, 0.7]: 0 of 1, said 0.62. Bin (0.4, 0.5]: 1 of 1, said 0.5.
    expected = (2 * abs(0.5 - 0.94) + 0.4 + 0.62 + 0.5) / 5
    found = expected_calibration_error(scores, target, num_bins=10)
    assert found == pytest.approx(expected)


def test_equals_a_loop_over_the_bins():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(500, 6)) * 3
    scores = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    target = rng.integers(0, 6, 500)
    confidence, right = scores.max(1), scores.argmax(1) == target
    expected = 0.0
    for i in range(15):
        inside = (confidence > i / 15) & (confidence <= (i + 1) / 15)
        if inside.any():
            gap = abs(right[inside].mean() - confidence[inside].mean())
            expected += inside.mean() * gap
    found = expected_calibration_error(scores, target)
    assert found == pytest.approx(expected)


def test_perfect_and_hopeless():
    sure = np.eye(3)
    assert expected_calibration_error(sure, [0, 1, 2]) == 0
    assert expected_calibration_error(sure, [1, 2, 0]) == 1


def test_nan():
    assert np.isnan(expected_calibration_error(np.zeros((0, 3)), []))
    assert np.isnan(expected_calibration_error([[np.nan, 1.0]], [1]))


def test_refuses():
    with pytest.raises(ValueError, match='probabilities, got scores from -2 '):
        expected_calibration_error([[-2.0, 3.0]], [1])
    with pytest.raises(ValueError, match=r'must be \[N, C\]'):
        expected_calibration_error([0.5, 0.5], [0, 1])
