"""The demo's hand: 21 joints that move through a gesture.

Joints are MediaPipe's: 0 wrist, then four each of thumb, index, middle, ring
and little finger, from the palm to the tip. Lengths are in units of the palm
(wrist to middle knuckle). Axes: x to the viewer's right, y up, z to the
viewer. Shape letters: T frames.
"""

from collections.abc import Callable

import numpy as np

GESTURES = ('wave', 'grab', 'release', 'point')

_THUMB, _INDEX = 0, 1
# A right hand, its palm to the viewer: base of each finger, bone lengths and
# the angle of the stretched finger from upright (positive: to the little
# finger's side).
_BASES = np.array(
    [
        [0.25, 0.22, 0.05],
        [0.27, 0.92, 0.0],
        [0.03, 1.0, 0.0],
        [-0.18, 0.94, 0.0],
        [-0.36, 0.82, 0.0],
    ]
)
_BONES = np.array(
    [
        [0.42, 0.34, 0.28],
        [0.46, 0.27, 0.22],
        [0.51, 0.31, 0.23],
        [0.47, 0.29, 0.22],
        [0.36, 0.21, 0.19],
    ]
)
_FAN = np.radians([-48.0, -10.0, 0.0, 9.0, 20.0])
# How far each joint bends in a fist, in radians, and where it bends to.
_BEND = np.array([[0.34, 0.8, 0.95]] + [[1.25, 1.75, 1.0]] * 4)
_REST = 0.04  # a stretched finger is never quite straight
_TO_VIEWER = np.array([0.0, 0.0, 1.0])
_ACROSS_PALM = np.array([-0.856, 0.252, 0.453])


def hand_pose(curl: np.ndarray) -> np.ndarray:
    """Joints of a right hand with its palm to the viewer, fingers up.

    Args:
        curl (numpy.ndarray): ``[..., 5]``, each finger from the thumb on:
            0 stretched, 1 as in a fist.

    Returns:
        numpy.ndarray: float64 ``[..., 21, 3]``; the wrist is the origin.
    """
    curl = np.asarray(curl, np.float64)
    joints = np.zeros((*curl.shape[:-1], 21, 3))
    for finger in range(5):
        fan = _FAN[finger]
        stretched = np.array([-np.sin(fan), np.cos(fan), 0.0])
        bent = _ACROSS_PALM if finger == _THUMB else _TO_VIEWER
        bends = _BEND[finger] * curl[..., finger, None] + _REST
        angle = bends.cumsum(-1)[..., None]
        bones = np.cos(angle) * stretched + np.sin(angle) * bent
        bones /= np.linalg.norm(bones, axis=-1, keepdims=True)
        bones *= _BONES[finger][:, None]
        first = 1 + 4 * finger
        joints[..., first, :] = _BASES[finger]
        joints[..., first + 1 : first + 4, :] = _BASES[finger] + bones.cumsum(
            -2
        )
    return joints


def rotate(
    joints: np.ndarray, roll: np.ndarray, pitch: np.ndarray, yaw: np.ndarray
) -> np.ndarray:
    """Turn hands about the wrist, yaw first, then pitch, then roll.

    Args:
        joints (numpy.ndarray): ``[T, 21, 3]``.
        roll (numpy.ndarray): ``[T]``, radians in the picture plane,
            positive anticlockwise.
        pitch (numpy.ndarray): ``[T]``, radians about x, positive tips the
            fingers to the viewer.
        yaw (numpy.ndarray): ``[T]``, radians about y, positive turns what
            faces the viewer to the right.

    Returns:
        numpy.ndarray: float64 ``[T, 21, 3]``.
    """
    for angle, (first, second) in (
        (yaw, (2, 0)),
        (pitch, (1, 2)),
        (roll, (0, 1)),
    ):
        cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
        turned = joints.copy()
        turned[..., first] = (
            cos * joints[..., first] - sin * joints[..., second]
        )
        turned[..., second] = (
            sin * joints[..., first] + cos * joints[..., second]
        )
        joints = turned
    return joints


def _glide(time: np.ndarray) -> np.ndarray:
    """From 0 to 1, smoothly, resting a little at either end."""
    inside = np.clip((time - 0.12) / 0.76, 0.0, 1.0)
    return (1.0 - np.cos(np.pi * inside)) / 2.0


def _sway(time: np.ndarray) -> np.ndarray:
    """There and back, twice."""
    return np.sin(4.0 * np.pi * time)


_Curve = Callable[[np.ndarray], np.ndarray]
# Per gesture: curl of all fingers, roll and pitch over time 0..1.
_CURVES: dict[str, tuple[_Curve, _Curve, _Curve]] = {
    'wave': (np.zeros_like, lambda t: 0.45 * _sway(t), np.zeros_like),
    'grab': (_glide, np.zeros_like, np.zeros_like),
    'release': (lambda t: 1.0 - _glide(t), np.zeros_like, np.zeros_like),
    'point': (np.ones_like, np.zeros_like, lambda t: 0.35 * _sway(t)),
}


def gesture_motion(
    gesture: str, frames: int, left_handed: bool, rng: np.random.Generator
) -> np.ndarray:
    """Move a hand through a gesture, each time a little differently.

    ``grab`` and ``release`` are each other's reverse, so only the order of
    the frames tells them apart.

    Args:
        gesture (str): One of :data:`GESTURES`.
        frames (int): Number of frames T.
        left_handed (bool): A left hand instead of a right one.
        rng (numpy.random.Generator): Source of the differences.

    Returns:
        numpy.ndarray: float64 ``[T, 21, 3]``.
    """
    time = np.linspace(0.0, 1.0, frames)
    curl_of, roll_of, pitch_of = _CURVES[gesture]
    curl = np.repeat(curl_of(time)[:, None], 5, axis=1)
    if gesture == 'point':
        curl[:, _INDEX] = 0.0
    curl = np.clip(curl + rng.normal(0.0, 0.06, 5), 0.0, 1.05)
    strength = rng.uniform(0.8, 1.2)
    yaw, pitch, roll = rng.normal(0.0, (0.2, 0.1, 0.15))
    joints = rotate(
        hand_pose(curl),
        roll + strength * roll_of(time),
        pitch + strength * pitch_of(time),
        np.full(frames, yaw),
    )
    if left_handed:
        joints[..., 0] *= -1.0
    return joints
