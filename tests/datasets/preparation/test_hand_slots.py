import numpy as np

from trimodal.datasets.preparation.hand_slots import (
    LEFT,
    RIGHT,
    Hand,
    assign_slots,
)


def hand(x, side, score=0.9, size=10.0):
    """A hand whose joints lie on an upright line at x."""
    landmarks = np.zeros((21, 3))
    landmarks[:, 0] = x
    landmarks[:, 1] = np.linspace(0, 2 * size, 21)
    landmarks[9, 1] = size
    return Hand(landmarks, side, score)


def places(frames):
    """x by frame and slot, and the scores."""
    landmarks, scores = assign_slots(frames, 21)
    assert landmarks.shape == (len(frames), 2, 21, 3)
    x = landmarks[:, :, 0, 0]
    np.testing.assert_array_equal(scores == 0, np.isnan(x))
    return [[None if np.isnan(v) else v for v in row] for row in x], scores


def test_left_in_slot_0_right_in_slot_1():
    x, scores = places([[hand(50, RIGHT, 0.8), hand(10, LEFT, 0.7)], []])
    assert x == [[10, 50], [None, None]]
    np.testing.assert_allclose(scores, [[0.7, 0.8], [0, 0]])


def test_no_frames():
    landmarks, scores = assign_slots([], 21)
    assert landmarks.shape == (0, 2, 21, 3)
    assert scores.shape == (0, 2)


def test_two_of_one_side_share_by_score():
    x, _ = places([[hand(10, RIGHT, 0.7), hand(90, RIGHT, 0.8)]])
    assert x == [[10, 90]]
    x, _ = places([[hand(10, LEFT, 0.7), hand(90, LEFT, 0.8)]])
    assert x == [[90, 10]]


def test_a_hand_found_twice_is_one():
    x, scores = places([[hand(50, LEFT, 0.6), hand(52, RIGHT, 0.9)]])
    assert x == [[None, 52]]
    np.testing.assert_allclose(scores, [[0, 0.9]])


def test_a_slip_of_the_detector_does_not_move_a_hand():
    sides = [RIGHT, RIGHT, LEFT, RIGHT]
    x, _ = places([[hand(50 + i, side)] for i, side in enumerate(sides)])
    assert x == [[None, 50], [None, 51], [None, 52], [None, 53]]


def test_votes_count_by_score():
    frames = [
        [hand(50, RIGHT, 0.55)],
        [hand(50, RIGHT, 0.55)],
        [hand(50, LEFT, 0.99)],
        [hand(50, LEFT, 0.99)],
    ]
    x, _ = places(frames)
    assert x == [[50, None]] * 4


def test_a_hand_far_away_is_another_hand():
    x, _ = places([[hand(10, LEFT)], [hand(100, RIGHT)]])
    assert x == [[10, None], [None, 100]]


def test_a_hand_lost_for_a_frame_starts_anew():
    x, _ = places([[hand(50, LEFT)], [], [hand(50, RIGHT)]])
    assert x == [[50, None], [None, None], [None, 50]]


def test_two_hands_keep_their_slots_when_they_are_listed_otherwise():
    frames = []
    for step in range(4):
        pair = [hand(10 + step, LEFT), hand(90 - step, RIGHT)]
        frames.append(pair[::-1] if step % 2 else pair)
    x, _ = places(frames)
    assert x == [[10 + step, 90 - step] for step in range(4)]


def test_the_surer_of_two_right_hands_keeps_its_slot_throughout():
    frames = [[hand(10, RIGHT, 0.9), hand(90, RIGHT, 0.6)] for _ in range(3)]
    frames.append([hand(90, RIGHT, 0.6)])
    x, _ = places(frames)
    assert x == [[90, 10]] * 3 + [[90, None]]


def test_no_hand_is_lost_where_tracks_cross():
    """The second track wants a slot taken early, its other one late."""
    frames = [
        [hand(10, RIGHT, 0.99), hand(90, RIGHT, 0.3)],
        [hand(90, RIGHT, 0.3)],
        [hand(90, RIGHT, 0.3), hand(200, LEFT, 0.99)],
    ]
    x, scores = places(frames)
    assert x == [[90, 10], [None, 90], [200, 90]]
    assert (scores > 0).sum() == 5


def test_distance_is_in_own_sizes():
    assert hand(0, LEFT, size=10).distance(hand(5, LEFT, size=10)) == 0.5
