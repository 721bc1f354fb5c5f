import numpy as np
import pytest

from trimodal.visualization.figure import new_figure
from trimodal.visualization.hands import HAND_BONES, draw_hands


@pytest.fixture
def axes():
    return new_figure(4, 3).subplots()


@pytest.fixture
def hands() -> np.ndarray:
    rng = np.random.default_rng(0)
    landmarks = np.full((20, 2, 21, 3), np.nan, np.float32)
    landmarks[5:, 1] = rng.random((15, 21, 3))
    return landmarks


def test_bones_are_mediapipes_joints():
    vision = pytest.importorskip('mediapipe.tasks.python.vision')
    bones = vision.HandLandmarksConnections.HAND_CONNECTIONS
    expected = {frozenset((bone.start, bone.end)) for bone in bones}
    assert set(map(frozenset, HAND_BONES)) == expected


def test_only_the_hands_seen_are_drawn(axes, hands):
    draw_hands(axes, hands, rate=10, columns=4)
    assert [t.get_text() for t in axes.get_yticklabels()] == ['right']
    times = [t.get_text() for t in axes.get_xticklabels()]
    assert times == ['0.00', '0.60', '1.30', '1.90']
    # The first moment, before the hand came, is a dash and no skeleton.
    assert len(axes.lines) == 1
    assert len(axes.collections) == 2 * 3


def test_skeletons_keep_their_proportions(axes, hands):
    draw_hands(axes, hands[5:6], rate=10)
    drawn = axes.collections[1].get_offsets()
    points = hands[5, 1, :, :2]
    ratio = np.ptp(drawn, axis=0) / np.ptp(points, axis=0)
    assert ratio[0] == pytest.approx(ratio[1], rel=1e-5)
    assert np.ptp(drawn, axis=0).max() == pytest.approx(0.9)


def test_hand_seen_only_between_the_moments_shown(axes, hands):
    hands[:] = np.nan
    hands[1, 0] = 0.5
    draw_hands(axes, hands, rate=10, columns=2)
    assert len(axes.lines) == 2


def test_no_hand_at_all(axes, hands):
    draw_hands(axes, np.full_like(hands, np.nan), rate=10)
    assert axes.texts[0].get_text() == 'no hand seen'
