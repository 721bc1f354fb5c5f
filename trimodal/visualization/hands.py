"""Hand skeletons over time.

Shape letters: T frames, H hands, V landmarks.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from trimodal.visualization.figure import COLORS, INK, MUTED, blank

# MediaPipe's 21 landmarks: the palm's outline, then finger by finger.
HAND_BONES = (
    *((0, 5), (5, 9), (9, 13), (13, 17), (17, 0)),
    *((0, 1), (1, 2), (2, 3), (3, 4)),
    *((5, 6), (6, 7), (7, 8)),
    *((9, 10), (10, 11), (11, 12)),
    *((13, 14), (14, 15), (15, 16)),
    *((17, 18), (18, 19), (19, 20)),
)
HAND_NAMES = ('left', 'right')


def draw_hands(
    axes: Axes, landmarks: np.ndarray, rate: float, columns: int = 8
) -> None:
    """Draw the hands' skeletons at moments from first frame to last.

    Args:
        axes (Axes): Where to draw.
        landmarks (np.ndarray): float ``[T, H, V, 3]``, NaN where unseen.
        rate (float): Frames a second.
        columns (int): Moments shown at most. Defaults to 8.
    """
    points = np.asarray(landmarks, dtype=np.float32)[..., :2]
    frames = np.unique(
        np.linspace(0, len(points) - 1, min(columns, len(points))).round()
    ).astype(int)
    seen = ~np.isnan(points).any(axis=(2, 3))
    hands = np.flatnonzero(seen.any(axis=0)).tolist()
    if not hands:
        blank(axes, 'no hand seen')
        return
    for row, hand in enumerate(hands):
        _draw_hand(axes, points[:, hand], frames, row, COLORS[hand % 7])
    names = dict(enumerate(HAND_NAMES))
    axes.set(
        xlim=(-0.6, max(len(frames), 5) - 0.4),
        ylim=(len(hands) - 0.45, -0.55),
        aspect='equal',
        anchor='W',
    )
    axes.set_xlabel('seconds', loc='center' if len(frames) > 4 else 'left')
    axes.set_xticks(range(len(frames)), [f'{f / rate:.2f}' for f in frames])
    axes.set_yticks(
        range(len(hands)), [names.get(hand, str(hand)) for hand in hands]
    )
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _draw_hand(
    axes: Axes, points: np.ndarray, frames: np.ndarray, row: int, color: str
) -> None:
    # One centre and one scale for all frames, so that motion stays visible.
    flat = points[frames].reshape(-1, 2)
    if np.isnan(flat).all():
        flat = points.reshape(-1, 2)
    low, high = np.nanmin(flat, axis=0), np.nanmax(flat, axis=0)
    scale = 0.9 / max(float((high - low).max()), 1e-6)
    for column, frame in enumerate(frames):
        at = (points[frame] - (low + high) / 2) * scale + (column, row)
        if np.isnan(at).any():
            axes.plot([column], [row], marker='_', color=MUTED)
            continue
        bones = [(at[a], at[b]) for a, b in HAND_BONES]
        axes.add_collection(LineCollection(bones, color=color, linewidth=1.5))
        axes.scatter(at[:, 0], at[:, 1], s=5, color=INK, zorder=3)
