"""Reading video by timestamp, and a still picture as a video of one frame."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, TypeVar

import av
import numpy as np

from trimodal.datasets.preparation.base import MediaError
from trimodal.datasets.preparation.image import read_image

#: Endings of what is read as a picture; a GIF may move.
PICTURES = frozenset(
    ['.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff']
)
T = TypeVar('T')
# In ticks: containers round times to a millisecond, and that must not decide
# which of two equally near frames is taken; it is always the earlier one.
_TIE = 0.05


class Sampled(NamedTuple):
    """A video frame that sampling chose.

    Args:
        time (float): Seconds since the first frame of the video.
        image (np.ndarray): uint8 ``[H, W, 3]``, upright RGB.
        repeats (int): How many steps of the wanted rate it stands for.
    """

    time: float
    image: np.ndarray
    repeats: int


def read_frames(
    path: Path, fps: float, max_frames: int | None = None
) -> Generator[Sampled, None, None]:
    """Read the frames nearest to the ticks of a clock.

    Tick k is at k / fps seconds after the first frame; the last tick is the
    one nearest to the last frame. A video of a lower rate gives frames that
    stand for several ticks; one of a higher rate has frames left out.

    Args:
        path (Path): A video, or a picture: one frame.
        fps (float): Ticks a second.
        max_frames (int, optional): Ticks at most. Defaults to None.

    Yields:
        Sampled: Frames at rising times.

    Raises:
        MediaError: If the file can't be read or holds no frame.
    """
    if path.suffix.lower() in PICTURES:
        yield Sampled(0.0, np.array(read_image(path)), 1)
        return
    with closing(_decode(path)) as frames:
        for time, frame, repeats in sample_by_time(frames, fps, max_frames):
            yield Sampled(time, _upright(frame), repeats)


def sample_by_time(
    frames: Iterable[tuple[float, T]], fps: float, max_frames: int | None
) -> Iterator[tuple[float, T, int]]:
    """Choose the frame nearest to each tick.

    Args:
        frames (Iterable[tuple[float, T]]): (seconds, frame), times rising.
        fps (float): Ticks a second.
        max_frames (int | None): Ticks at most.

    Yields:
        tuple[float, T, int]: Seconds since the first frame, the frame, and
        the number of ticks it is nearest to; frames with none are left out.

    Examples:
        >>> frames = [(5.0, 'a'), (5.1, 'b'), (5.2, 'c'), (5.6, 'd')]
        >>> list(sample_by_time(frames, 5, None))
        ...     # doctest: +ELLIPSIS
        [(0.0, 'a', 1), (0.2..., 'c', 2), (0.5..., 'd', 1)]
    """
    ticks = 0
    previous: tuple[float, T] | None = None
    start = 0.0
    for time, frame in frames:
        if previous is None:
            start = time
        elif time <= previous[0] + start:
            continue  # a damaged clock; time must not run backwards
        else:
            middle = (previous[0] + time - start) / 2
            until = _limited(int(middle * fps + _TIE) + 1, max_frames)
            if until > ticks:
                yield (*previous, until - ticks)
                ticks = until
            if max_frames is not None and ticks >= max_frames:
                return
        previous = (time - start, frame)
    if previous is not None:
        last = int(previous[0] * fps + 0.5 + _TIE)
        until = _limited(last + 1, max_frames)
        if until > ticks:
            yield (*previous, until - ticks)


def _limited(count: int, limit: int | None) -> int:
    return count if limit is None else min(count, limit)


def _decode(path: Path) -> Generator[tuple[float, av.VideoFrame], None, None]:
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise MediaError('no video track')
            stream = container.streams.video[0]
            # Workers fill the cores already; threads here only cost.
            stream.codec_context.thread_count = 1
            rate = float(stream.average_rate or 25)
            count = 0
            for count, frame in enumerate(container.decode(stream), 1):
                time = frame.time
                yield (count - 1) / rate if time is None else time, frame
    except (av.FFmpegError, OSError) as error:
        raise MediaError(f'can not be decoded: {error}') from error
    if not count:
        raise MediaError('no video frames')


def _upright(frame: av.VideoFrame) -> np.ndarray:
    """RGB of a frame, turned as its container says (phones do that)."""
    image = frame.to_ndarray(format='rgb24')
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(image, turns))
