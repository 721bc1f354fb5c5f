import numpy as np
import pytest

from trimodal.evaluation.functional import (
    acceleration_errors,
    accelerations,
    neighbours,
)

NAN = float('nan')


def test_constant_motion_has_no_acceleration():
    time = np.arange(5.0)[:, None, None]
    moving = time * np.array([[1.0, 2.0], [-3.0, 0.5]])
    assert np.abs(accelerations(moving)).max() == 0
    # x = t² has the acceleration 2.
    np.testing.assert_array_equal(
        accelerations(time**2), np.full((3, 1, 1), 2)
    )


def test_errors_equal_a_loop():
    pred, target = np.random.default_rng(0).normal(size=(2, 7, 4, 3))
    found = acceleration_errors(pred, target)
    for t in range(1, 6):
        for v in range(4):
            a, b = (
                x[t + 1, v] - 2 * x[t, v] + x[t - 1, v] for x in (pred, target)
            )
            expected = ((a - b) ** 2).sum() ** 0.5
            assert found[t - 1, v] == pytest.approx(expected)


def test_three_annotated_frames_are_needed():
    target = np.zeros((5, 2, 1))
    target[1, 0] = NAN
    pred = np.zeros((5, 2, 1))
    pred[1] = NAN
    # Landmark 1 is annotated there: what was predicted is no number.
    np.testing.assert_equal(
        acceleration_errors(pred, target),
        [[NAN, np.inf], [NAN, np.inf], [0, 0]],
    )


@pytest.mark.parametrize('frames', [0, 1, 2])
def test_too_short(frames):
    short = np.zeros((frames, 2, 2))
    assert acceleration_errors(short, short).shape == (0, 2)


def test_neighbours():
    assert neighbours([3, 3, 3, 5], 3).tolist() == [True, False]
    assert neighbours([]).tolist() == neighbours([1]).tolist() == []
    assert neighbours([1], 3).tolist() == neighbours([], 3).tolist() == []


def test_refuses_other_shapes():
    with pytest.raises(ValueError, match=r'must be \[T, V, D\]'):
        accelerations(np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r'must be \[T, V, D\]'):
        acceleration_errors(np.zeros((2, 3, 2)), np.zeros((3, 3, 2)))
