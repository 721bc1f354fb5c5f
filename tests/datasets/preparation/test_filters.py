import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import savgol_filter

from trimodal.datasets.preparation.filters import (
    OneEuroFilter,
    SavgolFilter,
    centre,
    hand_sizes,
    interpolate_gaps,
    runs,
    seen,
    smooth,
)


def ramp(steps, missing=(), hand=0):
    """Landmarks that rise by one a frame; the other hand is never seen."""
    landmarks = np.full((steps, 2, 21, 3), np.nan)
    landmarks[:, hand] = np.arange(steps)[:, None, None]
    landmarks[list(missing), hand] = np.nan
    return landmarks


def test_runs():
    mask = np.array([0, 1, 1, 0, 0, 1, 0, 1], bool)
    found = [(run.start, run.stop) for run in runs(mask)]
    assert found == [(1, 3), (5, 6), (7, 8)]
    assert runs(np.zeros(3, bool)) == []


def test_a_hand_is_seen_only_whole():
    landmarks = ramp(3)
    landmarks[1, 0, 5, 2] = np.nan
    assert seen(landmarks)[:, 0].tolist() == [True, False, True]
    assert not seen(landmarks)[:, 1].any()


def test_short_gaps_become_straight_lines():
    filled = interpolate_gaps(ramp(10, missing=[3, 4]), max_gap=2)
    expected = np.broadcast_to(np.arange(10.0)[:, None, None], (10, 21, 3))
    np.testing.assert_allclose(filled[:, 0], expected)
    assert np.isnan(filled[:, 1]).all()


def test_a_line_by_hand():
    landmarks = ramp(4, missing=[1, 2])
    landmarks[3, 0] = 9.0
    filled = interpolate_gaps(landmarks, max_gap=5)
    np.testing.assert_allclose(filled[:, 0, 7, 1], [0, 3, 6, 9])


def test_long_gaps_and_ends_stay():
    landmarks = ramp(10, missing=[0, 3, 4, 5, 9])
    filled = interpolate_gaps(landmarks, max_gap=2)
    np.testing.assert_array_equal(filled, landmarks)
    valid = seen(interpolate_gaps(landmarks, max_gap=3))[:, 0]
    assert valid.tolist() == [False] + [True] * 8 + [False]


def test_no_gap_allowed_fills_nothing():
    landmarks = ramp(5, missing=[2])
    np.testing.assert_array_equal(interpolate_gaps(landmarks, 0), landmarks)


def test_filling_leaves_its_input():
    landmarks = ramp(5, missing=[2])
    interpolate_gaps(landmarks, 3)
    assert np.isnan(landmarks[2, 0]).all()


def test_smoothing_stops_at_gaps():
    rng = np.random.default_rng(0)
    landmarks = rng.standard_normal((20, 2, 21, 3))
    landmarks[8, 1] = np.nan
    result = smooth(landmarks, SavgolFilter(5, 2), 30)
    for hand, run in [(0, slice(0, 20)), (1, slice(0, 8)), (1, slice(9, 20))]:
        expected = savgol_filter(landmarks[run, hand], 5, 2, axis=0)
        np.testing.assert_allclose(result[run, hand], expected)
    assert np.isnan(result[8, 1]).all()


@pytest.mark.parametrize(
    ('steps', 'window'), [(30, 7), (7, 7), (6, 5), (5, 5), (4, 3), (3, 3)]
)
def test_savgol_is_scipys_with_a_window_that_fits(steps, window):
    x = np.random.default_rng(0).standard_normal((steps, 4))
    expected = savgol_filter(x, window, 2, axis=0)
    np.testing.assert_allclose(SavgolFilter(7, 2)(x, 30), expected)


@pytest.mark.parametrize('steps', [1, 2])
def test_savgol_leaves_what_is_too_short(steps):
    x = np.random.default_rng(0).standard_normal((steps, 4))
    np.testing.assert_array_equal(SavgolFilter(7, 2)(x, 30), x)


def one_euro_by_hand(x, fps, min_cutoff, beta, d_cutoff):
    """The paper's algorithm on a list of numbers, word for word."""

    def alpha(cutoff):
        tau = 1 / (2 * math.pi * cutoff)
        return 1 / (1 + tau * fps)

    filtered, speed = [x[0]], 0.0
    for before, now in pairwise(x):
        a = alpha(d_cutoff)
        speed = a * (now - before) * fps + (1 - a) * speed
        a = alpha(min_cutoff + beta * abs(speed))
        filtered.append(a * now + (1 - a) * filtered[-1])
    return filtered


def test_one_euro_is_the_papers():
    x = np.random.default_rng(0).standard_normal((25, 3)).cumsum(0)
    result = OneEuroFilter(1.3, 0.7, 0.9)(x, 30)
    for column in range(3):
        expected = one_euro_by_hand(x[:, column].tolist(), 30, 1.3, 0.7, 0.9)
        np.testing.assert_allclose(result[:, column], expected)


def test_one_euro_calms_rest_and_follows_speed():
    rng = np.random.default_rng(0)
    still = 0.01 * rng.standard_normal((300, 1))
    assert OneEuroFilter()(still, 30)[50:].std() < 0.5 * still.std()
    fast = np.linspace(0, 60, 61)[:, None]  # 30 units a second
    lag = fast[-1, 0] - OneEuroFilter()(fast, 30)[-1, 0]
    assert lag < 0.5  # half a frame


def hand(size=2.0, wrist=(5.0, 7.0, 1.0)):
    points = np.zeros((21, 3))
    points[9] = (0, size, 0)
    points[12] = (1, 2 * size, -1)
    return points + np.array(wrist)


def test_hand_sizes_are_medians():
    landmarks = np.full((5, 2, 21, 3), np.nan)
    for step, size in enumerate([2, 2, 50, 2.5]):
        landmarks[step, 1] = hand(size)
    sizes = hand_sizes(landmarks)
    assert np.isnan(sizes[0])
    assert sizes[1] == 2.25


def test_hand_sizes_are_taken_in_three_dimensions():
    landmarks = np.zeros((1, 1, 21, 3))
    landmarks[0, 0, 9] = (1, 2, 2)
    assert hand_sizes(landmarks)[0] == 3


def test_a_hand_of_no_extent_has_no_size():
    assert np.isnan(hand_sizes(np.ones((3, 1, 21, 3)))).all()


def test_centre_takes_each_frames_wrist():
    landmarks = np.full((3, 2, 21, 3), np.nan)
    landmarks[1, 0] = hand(wrist=(5, 7, 1))
    landmarks[2, 0] = hand(wrist=(6, 9, 1))
    moved = centre(landmarks, keep_motion=False)
    np.testing.assert_allclose(moved[1, 0], hand(wrist=(0, 0, 0)))
    np.testing.assert_allclose(moved[2, 0], hand(wrist=(0, 0, 0)))
    kept = centre(landmarks, keep_motion=True)
    np.testing.assert_allclose(kept[1, 0], hand(wrist=(0, 0, 0)))
    np.testing.assert_allclose(kept[2, 0], hand(wrist=(1, 2, 0)))
    assert np.isnan(kept[0]).all()


@pytest.mark.parametrize(
    ('cls', 'arguments', 'name'),
    [
        (SavgolFilter, {'window': 4}, 'window'),
        (SavgolFilter, {'window': 1}, 'window'),
        (SavgolFilter, {'window': 5, 'order': 5}, 'order'),
        (OneEuroFilter, {'min_cutoff': 0}, 'min_cutoff'),
        (OneEuroFilter, {'d_cutoff': -1}, 'd_cutoff'),
        (OneEuroFilter, {'beta': -0.1}, 'beta'),
    ],
)
def test_bad_arguments_are_refused(cls, arguments, name):
    with pytest.raises(ValueError, match=name):
        cls(**arguments)
