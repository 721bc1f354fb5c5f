"""Augmentations of when hand landmarks are: jitter, loss and sampling.

Shape letters: T frames, H hands, V joints. Landmarks are ``[T, H, V, 3]``,
NaN where a hand is not seen; ``{key}_score`` and ``{key}_valid`` ``[T, H]`` go
along with them.
"""

from collections.abc import Sequence

import numpy as np

from trimodal.datasets.transforms.base import ModalityTransform, Results
from trimodal.datasets.transforms.checks import (
    check_integer,
    check_number,
    check_range,
)
from trimodal.datasets.transforms.gesture import per_frame
from trimodal.registry import TRANSFORMS


@TRANSFORMS.register_module()
class TemporalJitter(ModalityTransform):
    """Read each frame a little before or after its time.

    Frame t becomes the linear interpolation at ``t + d``, with ``d`` drawn
    for each frame from ``[-max_offset, max_offset]``; the times are put in
    order and kept inside the sequence. Where a hand is missing from one of
    the two frames around a time, the nearer frame is taken as it is.

    Args:
        max_offset (float): Largest offset, in frames. Defaults to 0.5.
        prob (float): How likely a sample is changed. Defaults to 1.0.
        key (str): The modality's key. Defaults to 'gesture'.

    Raises:
        ValueError: If ``max_offset`` is negative or ``prob`` outside [0, 1].

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import TemporalJitter
        >>> hands = np.tile(np.arange(9.0).reshape(9, 1, 1, 1), (2, 21, 3))
        >>> jittered = TemporalJitter(max_offset=0.5)(dict(gesture=hands))
        >>> bool(np.abs(jittered['gesture'] - hands).max() <= 0.5)
        True
    """

    def __init__(
        self, max_offset: float = 0.5, prob: float = 1.0, key: str = 'gesture'
    ) -> None:
        super().__init__(key, prob)
        self.max_offset = check_number('max_offset', max_offset, 0)

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Interpolate at jittered times."""
        landmarks = results[self.key].astype(np.float32, copy=False)
        frames = len(landmarks)
        offsets = rng.uniform(-self.max_offset, self.max_offset, frames)
        times = np.sort(np.clip(np.arange(frames) + offsets, 0, frames - 1))
        jittered = _interpolate(landmarks, times)
        nearest = np.rint(times).astype(np.intp)
        torn = np.isnan(jittered).any(axis=(2, 3))
        jittered[torn] = landmarks[nearest][torn]
        changed = {self.key: jittered}
        for name, values in per_frame(results, self.key).items():
            changed[name] = values[nearest]
            if values.dtype != bool:
                moved = _interpolate(values.astype(np.float32), times)
                np.copyto(changed[name], moved, 'same_kind', where=~torn)
        return changed


def _interpolate(values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Rows of ``values`` (float32 ``[T, ...]``) at fractional ``times``."""
    before = times.astype(np.intp)
    after = np.minimum(before + 1, len(values) - 1)
    weight = (times - before).astype(np.float32)
    weight = weight.reshape(-1, *[1] * (values.ndim - 1))
    return values[before] * (1 - weight) + values[after] * weight


@TRANSFORMS.register_module()
class DropFrames(ModalityTransform):
    """Make frames unseen: landmarks NaN, scores 0, ``valid`` False.

    As when the tracking fails; the number of frames stays. Only frames in
    which a hand is seen are drawn, and one of them always stays: losing a
    whole modality is ModalityDropout's part.

    Args:
        ratio (Sequence[float]): Smallest and largest share of the seen
            frames to drop. Defaults to (0.0, 0.2).
        prob (float): How likely a sample is changed. Defaults to 1.0.
        key (str): The modality's key. Defaults to 'gesture'.

    Raises:
        ValueError: If ``ratio`` is no range inside [0, 1] or ``prob`` is
            outside [0, 1].

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import DropFrames
        >>> sample = dict(gesture=np.zeros((10, 2, 21, 3), np.float16))
        >>> dropped = DropFrames(ratio=(0.3, 0.3))(sample)['gesture']
        >>> int(np.isnan(dropped).all(axis=(1, 2, 3)).sum())
        3
    """

    def __init__(
        self,
        ratio: Sequence[float] = (0.0, 0.2),
        prob: float = 1.0,
        key: str = 'gesture',
    ) -> None:
        super().__init__(key, prob)
        self.ratio = check_range('ratio', ratio, 0, 1)

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Drop a drawn share of the seen frames."""
        landmarks = results[self.key]
        seen = np.flatnonzero(~np.isnan(landmarks[..., 0]).all(axis=(1, 2)))
        count = round(rng.uniform(*self.ratio) * len(seen))
        count = min(count, len(seen) - 1)
        if count <= 0:
            return {}
        lost = rng.choice(seen, count, replace=False)
        changed = {self.key: _filled(landmarks, lost, np.nan)}
        for name, values in per_frame(results, self.key).items():
            changed[name] = _filled(values, lost, 0)
        return changed


def _filled(
    values: np.ndarray, rows: np.ndarray, content: float
) -> np.ndarray:
    filled = np.array(values)
    filled[rows] = content
    return filled


@TRANSFORMS.register_module()
class SampleFrames(ModalityTransform):
    """Keep at most ``num_frames`` frames, spread evenly over the sequence.

    The sequence is cut into ``num_frames`` equal stretches and one frame is
    taken from each. Shorter sequences stay as they are. ``{key}_fps``
    becomes the mean rate of what is kept.

    Args:
        num_frames (int): Frames to keep.
        random (bool): Whether the frame of a stretch is drawn (training)
            rather than its middle one. Defaults to True.
        prob (float): How likely a sample is changed. Defaults to 1.0.
        key (str): The modality's key. Defaults to 'gesture'.

    Raises:
        ValueError: If ``num_frames`` is no integer >= 1 or ``prob`` is
            outside [0, 1].

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import SampleFrames
        >>> sample = dict(gesture=np.zeros((90, 2, 21, 3)), gesture_fps=30.0)
        >>> sampled = SampleFrames(num_frames=30)(sample)
        >>> sampled['gesture'].shape, sampled['gesture_fps']
        ((30, 2, 21, 3), 10.0)
    """

    def __init__(
        self,
        num_frames: int,
        random: bool = True,
        prob: float = 1.0,
        key: str = 'gesture',
    ) -> None:
        super().__init__(key, prob)
        self.num_frames = check_integer('num_frames', num_frames, 1)
        self.random = random

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Take one frame from each stretch of a sequence too long."""
        frames, kept = len(results[self.key]), self.num_frames
        if frames <= kept:
            return {}
        edges = np.arange(kept + 1) * frames // kept
        widths = np.diff(edges)
        inside = rng.integers(widths) if self.random else (widths - 1) // 2
        index = edges[:-1] + inside
        streams = {self.key: results[self.key]}
        streams.update(per_frame(results, self.key))
        changed: Results = {n: values[index] for n, values in streams.items()}
        if results.get(f'{self.key}_fps') is not None:
            changed[f'{self.key}_fps'] = (
                results[f'{self.key}_fps'] * kept / frames
            )
        return changed
