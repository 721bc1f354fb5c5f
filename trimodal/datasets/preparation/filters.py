"""Mending landmark sequences: gaps, jitter, position and scale.

Shape letters: T frames, H hands, V joints, C coordinates. A hand that is not
seen in a frame is NaN throughout.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy.signal import savgol_filter

from trimodal.registry import TASK_UTILS

WRIST = 0
MIDDLE_FINGER_MCP = 9
#: Smooths a sequence without gaps, ``[T, K]`` at so many frames a second.
SequenceFilter = Callable[[np.ndarray, float], np.ndarray]


def seen(landmarks: np.ndarray) -> np.ndarray:
    """Bool ``[T, H]``: where a hand of ``[T, H, V, C]`` is seen."""
    return np.isfinite(landmarks).all(axis=(2, 3))


def runs(mask: np.ndarray) -> list[slice]:
    """The stretches of True in a bool ``[T]``.

    Examples:
        >>> runs(np.array([True, True, False, True]))
        [slice(0, 2, None), slice(3, 4, None)]
    """
    edges = np.flatnonzero(np.diff(np.pad(mask.astype(np.int8), 1)))
    return [
        slice(int(start), int(stop))
        for start, stop in zip(edges[::2], edges[1::2], strict=True)
    ]


def interpolate_gaps(landmarks: np.ndarray, max_gap: int) -> np.ndarray:
    """Fill short gaps between two seen frames by straight lines.

    Args:
        landmarks (np.ndarray): float ``[T, H, V, C]``, NaN where unseen.
        max_gap (int): Frames that a gap may have to be filled; longer ones
            stay NaN, as do those at the beginning and the end.

    Returns:
        np.ndarray: A filled copy.
    """
    filled = landmarks.copy()
    steps = len(landmarks)
    for hand, mask in enumerate(seen(landmarks).T):
        for gap in runs(~mask):
            before, after = gap.start - 1, gap.stop
            if before < 0 or after >= steps or after - gap.start > max_gap:
                continue
            share = np.arange(1, after - before) / (after - before)
            share = share[:, None, None]
            filled[gap, hand] = (1 - share) * landmarks[
                before, hand
            ] + share * landmarks[after, hand]
    return filled


def smooth(
    landmarks: np.ndarray, sequence_filter: SequenceFilter, fps: float
) -> np.ndarray:
    """Filter each hand over each stretch in which it is seen.

    Args:
        landmarks (np.ndarray): float ``[T, H, V, C]``, NaN where unseen.
        sequence_filter (SequenceFilter): Applied to ``[t, V * C]``.
        fps (float): Frames a second.

    Returns:
        np.ndarray: A filtered copy.
    """
    result = landmarks.copy()
    for hand, mask in enumerate(seen(landmarks).T):
        for run in runs(mask):
            flat = landmarks[run, hand].reshape(run.stop - run.start, -1)
            filtered = sequence_filter(flat, fps)
            result[run, hand] = filtered.reshape(result[run, hand].shape)
    return result


def hand_sizes(landmarks: np.ndarray) -> np.ndarray:
    """Distance from wrist to middle-finger MCP, the median over frames.

    The median makes it one robust size for the whole sequence, so that a
    hand that comes nearer still grows. The distance is taken in three
    dimensions: it does not shrink when the hand tilts.

    Args:
        landmarks (np.ndarray): float ``[T, H, V, 3]``, NaN where unseen, x,
            y and z in the same unit.

    Returns:
        np.ndarray: float ``[H]``; NaN for a hand never seen, or without any
        extent.
    """
    bone = landmarks[:, :, MIDDLE_FINGER_MCP] - landmarks[:, :, WRIST]
    lengths = np.linalg.norm(bone, axis=-1)
    sizes = np.full(landmarks.shape[1], np.nan)
    for hand, mask in enumerate(seen(landmarks).T):
        median = np.median(lengths[mask, hand]) if mask.any() else 0.0
        if median > 0:
            sizes[hand] = median
    return sizes


def centre(landmarks: np.ndarray, keep_motion: bool) -> np.ndarray:
    """Move the origin of each hand to its wrist.

    Args:
        landmarks (np.ndarray): float ``[T, H, V, C]``, NaN where unseen.
        keep_motion (bool): Take the wrist of the first frame in which the
            hand is seen, so that its path remains, instead of each frame's
            own wrist.

    Returns:
        np.ndarray: float ``[T, H, V, C]``.
    """
    origin = landmarks[:, :, WRIST : WRIST + 1].copy()
    if keep_motion:
        for hand, mask in enumerate(seen(landmarks).T):
            if mask.any():
                origin[:, hand] = origin[np.argmax(mask), hand]
    return landmarks - origin


@TASK_UTILS.register_module()
class SavgolFilter:
    """Savitzky-Golay smoothing through scipy: no delay, keeps peaks.

    Args:
        window (int): Frames, odd. A shorter stretch takes the largest odd
            window that fits; one of ``order`` frames or fewer is left
            alone. Defaults to 7.
        order (int): Of the polynomial. Defaults to 2.

    Raises:
        ValueError: If the window is not odd, or the order not below it.
    """

    def __init__(self, window: int = 7, order: int = 2) -> None:
        if window < 3 or window % 2 == 0:
            raise ValueError(
                f'window must be odd and at least 3, got {window!r}'
            )
        if not 0 <= order < window:
            raise ValueError(
                f'order must lie in 0..{window - 1} for a window of {window}, '
                f'got {order!r}'
            )
        self.window = window
        self.order = order

    def __call__(self, x: np.ndarray, fps: float) -> np.ndarray:
        """Filter ``[T, K]``; the rate makes no difference."""
        steps = len(x)
        window = min(self.window, steps - 1 + steps % 2)
        if window <= self.order:
            return x
        return savgol_filter(x, window, self.order, axis=0)


@TASK_UTILS.register_module()
class OneEuroFilter:
    """The 1-Euro filter: a low pass that opens with the speed.

    Causal, so that it can run live too; a little late therefore. See Casiez
    et al., "1 € Filter", CHI 2012. Speeds are in units of the coordinates a
    second; landmarks come here in hand sizes.

    Args:
        min_cutoff (float): Cut-off in Hz at rest; lower is calmer. Defaults
            to 1.0.
        beta (float): By how much the cut-off rises with the speed; higher
            follows faster. Defaults to 1.0.
        d_cutoff (float): Cut-off in Hz of the speed itself. Defaults to 1.0.

    Raises:
        ValueError: If a cut-off is not above 0 or ``beta`` is below.
    """

    def __init__(
        self,
        min_cutoff: float = 1.0,
        beta: float = 1.0,
        d_cutoff: float = 1.0,
    ) -> None:
        for name, value in (
            ('min_cutoff', min_cutoff),
            ('d_cutoff', d_cutoff),
        ):
            if value <= 0:
                raise ValueError(f'{name} must be above 0, got {value!r}')
        if beta < 0:
            raise ValueError(f'beta must be at least 0, got {beta!r}')
        self.min_cutoff = min_cutoff
        self.beta = beta
        self.d_cutoff = d_cutoff

    def __call__(self, x: np.ndarray, fps: float) -> np.ndarray:
        """Filter ``[T, K]`` at ``fps`` frames a second."""
        result = np.array(x, dtype=np.float64)
        speed = np.zeros(x.shape[1:])
        keep = _share(self.d_cutoff, fps)
        for step in range(1, len(x)):
            raw_speed = (x[step] - x[step - 1]) * fps
            speed = keep * raw_speed + (1 - keep) * speed
            cutoff = self.min_cutoff + self.beta * np.abs(speed)
            share = _share(cutoff, fps)
            result[step] = share * x[step] + (1 - share) * result[step - 1]
        return result


def _share(cutoff: np.ndarray | float, fps: float) -> np.ndarray | float:
    """The weight of a new value in a low pass of that cut-off."""
    return 1 / (1 + fps / (2 * math.pi * cutoff))
