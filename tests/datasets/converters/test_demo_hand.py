import numpy as np
import pytest

from trimodal.datasets.converters.demo_hand import (
    GESTURES,
    gesture_motion,
    hand_pose,
    rotate,
)

OPEN, FIST = np.zeros(5), np.ones(5)
TIPS = [4, 8, 12, 16, 20]
PARENTS = [0, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11]
PARENTS += [0, 13, 14, 15, 0, 17, 18, 19]


def bone_lengths(joints):
    return np.linalg.norm(joints - joints[..., PARENTS, :], axis=-1)


def rng():
    return np.random.default_rng(0)


def test_an_open_hand():
    joints = hand_pose(OPEN)
    assert joints.shape == (21, 3)
    np.testing.assert_array_equal(joints[0], 0)
    np.testing.assert_allclose(joints[9], [0.03, 1.0, 0.0])
    # Stretched fingers: tips far above the knuckles, in order of length,
    # the thumb to the viewer's right.
    heights = joints[TIPS, 1]
    assert heights[2] == heights.max() > 1.9
    assert (heights[1:] > 1.4).all()
    assert (np.diff(joints[TIPS, 0]) < 0).all()


def test_a_fist_brings_the_tips_back_to_the_palm():
    joints = hand_pose(FIST)
    knuckles = joints[[5, 9, 13, 17]]
    tips = joints[TIPS[1:]]
    assert (tips[:, 1] < knuckles[:, 1]).all()
    assert (joints[[6, 10, 14, 18], 2] > 0.2).all()  # towards the viewer
    assert joints[4, 0] < hand_pose(OPEN)[4, 0] - 0.4  # thumb across


def test_bones_keep_their_length():
    curls = np.random.default_rng(1).uniform(0, 1, (30, 5))
    joints = hand_pose(curls)
    angles = np.random.default_rng(2).uniform(-3, 3, (3, 30))
    for moved in (joints, rotate(joints, *angles)):
        np.testing.assert_allclose(
            bone_lengths(moved),
            np.broadcast_to(bone_lengths(hand_pose(OPEN)), (30, 21)),
            atol=1e-12,
        )


@pytest.mark.parametrize(
    ('angles', 'expected'),
    [
        ((np.pi / 2, 0, 0), [-2, 1, 3]),  # roll: right goes up, up goes left
        ((0, np.pi / 2, 0), [1, -3, 2]),  # pitch: up goes to the viewer
        ((0, 0, np.pi / 2), [3, 2, -1]),  # yaw: the near goes right
    ],
)
def test_rotate_by_a_quarter(angles, expected):
    joints = np.tile([1.0, 2.0, 3.0], (1, 21, 1))
    turned = rotate(joints, *(np.array([a]) for a in angles))
    np.testing.assert_allclose(turned[0, 7], expected, atol=1e-12)


@pytest.mark.parametrize('gesture', GESTURES)
def test_a_gesture_moves_smoothly_and_is_seeded(gesture):
    motion = gesture_motion(gesture, 12, False, rng())
    assert motion.shape == (12, 21, 3)
    steps = np.linalg.norm(np.diff(motion, axis=0), axis=-1)
    assert steps.max() > 0.05
    assert steps.max() < 1.2
    np.testing.assert_array_equal(motion[:, 0], 0)
    np.testing.assert_array_equal(
        motion, gesture_motion(gesture, 12, False, rng())
    )


@pytest.mark.parametrize('gesture', GESTURES)
def test_a_left_hand_is_the_mirror_image(gesture):
    right = gesture_motion(gesture, 9, False, rng())
    left = gesture_motion(gesture, 9, True, rng())
    np.testing.assert_array_equal(left, right * [-1, 1, 1])


def test_grab_backwards_is_release():
    np.testing.assert_allclose(
        gesture_motion('grab', 11, False, rng())[::-1],
        gesture_motion('release', 11, False, rng()),
        atol=1e-12,
    )


def test_what_tells_the_gestures_apart():
    def opening(joints):
        return np.linalg.norm(joints[:, 12] - joints[:, 0], axis=-1)

    motions = {g: gesture_motion(g, 13, False, rng()) for g in GESTURES}
    grab, point = motions['grab'], motions['point']
    assert opening(grab)[0] > 1.7 > 1.0 > opening(grab)[-1]
    assert (opening(motions['wave']) > 1.7).all()
    assert (opening(point) < 1.2).all()
    assert (np.linalg.norm(point[:, 8], axis=-1) > 1.6).all()
    wave = np.arctan2(*motions['wave'][:, 9, :2].T)
    assert np.ptp(wave) > 0.6
    assert np.ptp(np.arctan2(*grab[:, 9, :2].T)) < 1e-9
