"""The demo's hand, drawn: a depth map of rounded bones, then light on it."""

from dataclasses import dataclass

import cv2
import numpy as np

_RADII = np.array(
    [
        [0.16, 0.135, 0.125, 0.105],
        [0.125, 0.115, 0.105, 0.09],
        [0.13, 0.12, 0.108, 0.092],
        [0.125, 0.112, 0.102, 0.088],
        [0.115, 0.1, 0.09, 0.078],
    ]
)
# Flesh between joints that no finger bone covers: joints and radii.
_PALM = (
    (0, 1, 0.24, 0.21),
    (1, 2, 0.21, 0.14),
    (1, 5, 0.2, 0.14),
    (0, 5, 0.22, 0.16),
    (0, 9, 0.22, 0.16),
    (0, 13, 0.22, 0.16),
    (0, 17, 0.22, 0.15),
)
_BONES = tuple(
    (1 + 4 * finger + bone, 2 + 4 * finger + bone, *radii[bone : bone + 2])
    for finger, radii in enumerate(_RADII)
    for bone in range(3)
)
_LIGHT = np.array([-0.4, -0.5, 0.77], np.float32)
_FAR = np.float32(-1e4)


@dataclass(frozen=True)
class Scene:
    """What surrounds a hand in a video.

    Args:
        size (int): Height and width in pixels.
        scale (float): Pixels of a palm's length.
        wrist (tuple[float, float]): Where the wrist is, x and y in pixels.
        skin (tuple[float, float, float]): RGB, 0 to 255.
        background (numpy.ndarray): float32 ``[size, size, 3]``.
    """

    size: int
    scale: float
    wrist: tuple[float, float]
    skin: tuple[float, float, float]
    background: np.ndarray


def render_hand(joints: np.ndarray, scene: Scene) -> np.ndarray:
    """Draw a hand with its forearm.

    Args:
        joints (numpy.ndarray): ``[21, 3]``, in units of the palm's length,
            y up and z to the viewer.
        scene (Scene): Where it is drawn.

    Returns:
        numpy.ndarray: uint8 ``[size, size, 3]``, RGB.
    """
    depth = _depth_map(joints, scene)
    solid = (depth > _FAR / 2).astype(np.float32)
    depth *= solid
    smooth = _blur_inside(depth, solid, 0.025 * scene.scale)
    shade = _lambert(smooth)
    # Darker where the neighbourhood is nearer: creases and gaps.
    around = _blur_inside(depth, solid, 0.1 * scene.scale)
    crease = np.clip((around - smooth) / (0.35 * scene.scale), 0.0, 1.0)
    shade = (0.42 + 0.68 * shade) * (1.0 - 0.55 * crease)
    colour = shade[..., None] * np.asarray(scene.skin, np.float32)
    alpha = cv2.GaussianBlur(solid, (0, 0), 0.6)[..., None]
    picture = scene.background * (1.0 - alpha) + colour * alpha
    return np.clip(picture, 0.0, 255.0).astype(np.uint8)


def _blur_inside(
    values: np.ndarray, solid: np.ndarray, sigma: float
) -> np.ndarray:
    """Blur without letting the outside in; ``values`` are 0 there."""
    total = cv2.GaussianBlur(values, (0, 0), sigma)
    share = cv2.GaussianBlur(solid, (0, 0), sigma)
    return total / np.maximum(share, 1e-3)


def _lambert(depth: np.ndarray) -> np.ndarray:
    """How squarely the light falls on a surface, 0 to 1."""
    right = cv2.Sobel(depth, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(depth, cv2.CV_32F, 0, 1, scale=1 / 8)
    length = np.sqrt(right * right + down * down + 1.0)
    facing = (_LIGHT[2] - right * _LIGHT[0] - down * _LIGHT[1]) / length
    return np.clip(facing, 0.0, 1.0)


def _depth_map(joints: np.ndarray, scene: Scene) -> np.ndarray:
    """Nearness in pixels, float32 ``[size, size]``; ``_FAR`` where empty."""
    points = (joints * scene.scale).astype(np.float32)
    points[:, 0] = scene.wrist[0] + points[:, 0]
    points[:, 1] = scene.wrist[1] - points[:, 1]
    depth = np.full((scene.size, scene.size), _FAR, np.float32)
    for first, second, near, far in (*_PALM, *_BONES):
        radii = (near * scene.scale, far * scene.scale)
        _add_bone(depth, points[first], points[second], radii)
    along = points[0] - points[9]
    along /= max(float(np.linalg.norm(along)), 1.0)
    elbow = points[0] + along * 2.5 * scene.scale
    radii = (0.25 * scene.scale, 0.34 * scene.scale)
    _add_bone(depth, points[0], elbow, radii)
    return depth


def _add_bone(
    depth: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    radii: tuple[float, float],
) -> None:
    """Keep the nearer of ``depth`` and a cone with round ends."""
    height, width = depth.shape
    margin = max(radii) + 1.0
    low = np.minimum(start, end) - margin
    high = np.maximum(start, end) + margin + 1.0
    left, right = max(int(low[0]), 0), min(int(high[0]), width)
    top, bottom = max(int(low[1]), 0), min(int(high[1]), height)
    if left >= right or top >= bottom:
        return
    x = np.arange(left, right, dtype=np.float32) - start[0]
    y = np.arange(top, bottom, dtype=np.float32)[:, None] - start[1]
    span = end - start
    squared = float(span[0] * span[0] + span[1] * span[1]) + 1e-6
    share = np.clip((x * span[0] + y * span[1]) / squared, 0.0, 1.0)
    radius = radii[0] + (radii[1] - radii[0]) * share
    off_x, off_y = x - share * span[0], y - share * span[1]
    height_squared = radius * radius - off_x * off_x - off_y * off_y
    surface = start[2] + share * span[2]
    surface = surface + np.sqrt(np.maximum(height_squared, 0.0))
    window = depth[top:bottom, left:right]
    inside = height_squared >= 0.0
    np.maximum(window, surface, out=window, where=inside)
