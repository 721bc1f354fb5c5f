import numpy as np
import pytest

from trimodal.datasets.converters.demo_hand import hand_pose
from trimodal.datasets.converters.demo_render import Scene, render_hand

WALL = (40.0, 90.0, 160.0)
SKIN = (224.0, 172.0, 138.0)


@pytest.fixture
def scene():
    background = np.empty((128, 128, 3), np.float32)
    background[:] = WALL
    return Scene(128, 36.0, (64.0, 94.0), SKIN, background)


def covered(picture):
    """Where something is drawn, and not a trace of anti-aliasing."""
    return np.abs(picture.astype(int) - WALL).max(axis=-1) > 20


@pytest.mark.parametrize('curl', [0.0, 0.5, 1.0])
def test_every_joint_is_covered(scene, curl):
    joints = hand_pose(np.full(5, curl))
    hand = covered(render_hand(joints, scene))
    x = (scene.wrist[0] + scene.scale * joints[:, 0]).round().astype(int)
    y = (scene.wrist[1] - scene.scale * joints[:, 1]).round().astype(int)
    assert hand[y, x].all()
    assert hand[-1, 64]  # the forearm leaves at the bottom
    assert not hand[:10].any()
    assert 0.05 < hand.mean() < 0.4


def test_fingers_leave_gaps(scene):
    joints = hand_pose(np.zeros(5))
    hand = covered(render_hand(joints, scene))
    # Half-way between the tips of index and middle finger there is wall.
    between = (joints[8] + joints[12]) / 2
    x = round(scene.wrist[0] + scene.scale * between[0])
    y = round(scene.wrist[1] - scene.scale * between[1])
    assert not hand[y, x]


def test_light_comes_from_the_upper_left(scene):
    picture = render_hand(hand_pose(np.zeros(5)), scene).astype(float)
    row = picture[118].sum(axis=-1)  # across the round forearm
    skin = np.flatnonzero(covered(picture)[118])
    third = len(skin) // 3
    assert row[skin[1:third]].mean() > row[skin[-third:-1]].mean() + 30


def test_the_nearer_finger_hides_the_farther(scene):
    """A finger moved before the palm changes what is seen of the palm."""
    palm = render_hand(hand_pose(np.zeros(5)), scene)
    joints = hand_pose(np.zeros(5))
    finger = joints[[5, 6, 7, 8]]
    joints[[5, 6, 7, 8]] = finger - [0.2, 0.6, -1.0]
    before = render_hand(joints, scene)
    joints[[5, 6, 7, 8]] = finger - [0.2, 0.6, 1.0]
    behind = render_hand(joints, scene)
    x, y = 64, 66  # on the palm
    assert np.abs(before[y, x].astype(int) - palm[y, x]).max() > 3
    assert np.abs(behind[y, x].astype(int) - palm[y, x]).max() <= 3


def test_a_hand_out_of_the_picture_leaves_the_wall(scene):
    joints = hand_pose(np.zeros(5)) + np.array([10.0, 0.0, 0.0])
    picture = render_hand(joints, scene)
    np.testing.assert_array_equal(picture, scene.background.astype(np.uint8))
