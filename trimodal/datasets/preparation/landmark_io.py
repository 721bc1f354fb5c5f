"""Reading ready-made hand landmarks from .npy and .npz files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from trimodal.datasets.annotation_checks import is_number
from trimodal.datasets.preparation.base import MediaError
from trimodal.datasets.preparation.filters import seen
from trimodal.datasets.preparation.hand_landmarker import NUM_JOINTS
from trimodal.datasets.preparation.video_io import sample_by_time

_HANDS = 2
_SHAPE = (_HANDS, NUM_JOINTS, 3)


def read_landmarks(
    path: Path,
    target_fps: float,
    max_frames: int | None,
    metadata: Mapping[str, Any],
) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Read landmarks ``[T, 2, 21, 3]`` and sample them by time.

    Left hand in slot 0, right in slot 1; x and y as shares of the frame's
    width and height, z on the scale of x, as MediaPipe gives them. A hand is
    unseen where it is NaN or zero throughout. A ``.npz`` holds
    ``landmarks`` (or one array of any name) and may hold ``score`` ``[T,
    2]``, ``fps`` and ``resolution`` (width, height); the last two are else
    taken from ``metadata``, and else the landmarks are taken to be at
    ``target_fps`` and of a square frame.

    Args:
        path (Path): The file.
        target_fps (float): Wanted frames a second.
        max_frames (int | None): Frames at most.
        metadata (Mapping[str, Any]): The sample's.

    Returns:
        tuple[np.ndarray, np.ndarray, tuple[int, int]]: float64 ``[T, 2, 21,
        3]`` in pixels, NaN where unseen; float64 ``[T, 2]`` scores; (width,
        height) of the frame.

    Raises:
        MediaError: If the file can't be read or holds something else.
    """
    arrays = _load(path)
    landmarks = _numbers(arrays.pop('landmarks'), 'landmarks')
    if landmarks.ndim != 4 or landmarks.shape[1:] != _SHAPE:
        raise MediaError(
            f'landmarks must be [T, 2, 21, 3], not {list(landmarks.shape)}'
        )
    if not len(landmarks):
        raise MediaError('no frames of landmarks')
    unseen = ~seen(landmarks) | (landmarks == 0).all((2, 3))
    landmarks[unseen] = np.nan
    scores = _scores(arrays.get('score'), len(landmarks))
    size = _resolution(arrays.get('resolution', metadata.get('resolution')))
    fps = _fps(arrays.get('fps', metadata.get('fps', target_fps)))
    picked = _at_rate(len(landmarks), fps, target_fps, max_frames)
    landmarks = landmarks * [size[0], size[1], size[0]]
    return landmarks[picked], scores[picked], size


def _load(path: Path) -> dict[str, np.ndarray]:
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {'landmarks': loaded}
        with loaded:
            arrays = {name: loaded[name] for name in loaded.files}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise MediaError(f'no landmark file: {error}') from error
    if 'landmarks' not in arrays:
        if len(arrays) != 1:
            raise MediaError(
                f"holds {sorted(arrays)}, but no array 'landmarks'"
            )
        arrays = {'landmarks': next(iter(arrays.values()))}
    return arrays


def _numbers(array: np.ndarray, name: str) -> np.ndarray:
    if array.dtype.kind not in 'fiu':
        raise MediaError(f'{name} must be numbers, not {array.dtype}')
    return array.astype(np.float64)


def _scores(array: np.ndarray | None, steps: int) -> np.ndarray:
    if array is None:
        return np.ones((steps, _HANDS))
    scores = _numbers(array, 'score')
    if scores.shape != (steps, _HANDS):
        raise MediaError(
            f'score must be [{steps}, 2], not {list(scores.shape)}'
        )
    return scores


def _fps(value: Any) -> float:
    fps = value.tolist() if isinstance(value, np.ndarray) else value
    if not is_number(fps) or fps <= 0:
        raise MediaError(f'fps must be a number above 0, not {fps!r}')
    return float(fps)


def _resolution(value: Any) -> tuple[int, int]:
    if value is None:
        return 1, 1
    sides = np.asarray(value)
    if (
        sides.shape != (2,)
        or sides.dtype.kind not in 'fiu'
        or sides.min() <= 0
    ):
        raise MediaError(
            f'resolution must be [width, height] above 0, not {value!r}'
        )
    return int(sides[0]), int(sides[1])


def _at_rate(
    count: int, fps: float, target_fps: float, max_frames: int | None
) -> list[int]:
    times = ((index / fps, index) for index in range(count))
    return [
        index
        for _, index, repeats in sample_by_time(times, target_fps, max_frames)
        for _ in range(repeats)
    ]
