import numpy as np
import pytest

from trimodal.evaluation.functional import (
    hand_sizes,
    joint_errors,
    mpjpe,
    pck,
)

NAN = float('nan')
# One hand of 10 x 4, its last landmark not annotated.
TRUE = np.array([[[0, 0], [10, 0], [5, 4], [NAN, 2]]], dtype=np.float32)
# Errors 0, 1, 2 and, where nobody knows, 100.
PRED = np.array([[[0, 0], [10, 1], [3, 4], [100, 100]]], dtype=np.float32)


def test_errors_by_hand():
    np.testing.assert_equal(joint_errors(PRED, TRUE), [[0, 1, 2, NAN]])
    assert mpjpe(PRED, TRUE) == 1


def test_pck_by_hand():
    """Of 10: 1 is at most a tenth, 2 at most a fifth."""
    assert hand_sizes(TRUE).tolist() == [10]
    assert pck(PRED, TRUE, 0.1) == pytest.approx(2 / 3)
    assert pck(PRED, TRUE, 0.2) == 1
    assert pck(PRED, TRUE, 0.05) == pytest.approx(1 / 3)


def test_pck_by_two_landmarks():
    """The first and the third are the root of 41 apart."""
    assert hand_sizes(TRUE, (0, 2)).tolist() == pytest.approx([41**0.5])
    assert pck(PRED, TRUE, 0.2, (0, 2)) == pytest.approx(2 / 3)
    # One of the two is not annotated: the hand's size is unknown.
    assert np.isnan(pck(PRED, TRUE, 0.2, (0, 3)))


def test_more_hands_weigh_by_their_landmarks():
    """A hand without any changes nothing, as does what was said of it."""
    unseen = np.full_like(TRUE, NAN)
    pred, true = np.concatenate([PRED, PRED]), np.concatenate([TRUE, unseen])
    assert mpjpe(pred, true) == mpjpe(PRED, TRUE)
    assert pck(pred, true, 0.1) == pck(PRED, TRUE, 0.1)
    twice = np.concatenate([TRUE, TRUE + 3])
    assert mpjpe(twice, np.concatenate([TRUE, TRUE])) == pytest.approx(
        18**0.5 / 2
    )
    # [T, V, D] and more dimensions likewise.
    assert mpjpe(PRED[None], TRUE[None]) == 1


def test_a_hand_of_one_point_is_not_in_the_pck():
    true = np.array([[[1, 1], [NAN, NAN]]])
    assert np.isnan(pck(true, true, 0.1))
    assert mpjpe(np.zeros_like(true), true) == pytest.approx(2**0.5)


def test_what_was_predicted_as_no_number():
    pred = PRED.copy()
    pred[0, 1, 0] = NAN
    assert np.isnan(mpjpe(pred, TRUE))
    assert pck(pred, TRUE, 0.2) == pytest.approx(2 / 3)
    pred = PRED.copy()
    pred[0, 3] = NAN  # nobody asked
    assert mpjpe(pred, TRUE) == 1


def test_nothing_is_nan():
    empty = np.zeros((0, 21, 2))
    assert np.isnan(mpjpe(empty, empty))
    assert np.isnan(pck(empty, empty, 0.1))


def test_refuses_other_shapes():
    with pytest.raises(ValueError, match=r'must be \[..., V, D\]'):
        joint_errors(np.zeros((2, 3)), np.zeros((2, 2)))
