"""Finger-tip paths of a public table to packed files.

The table is that of https://github.com/kinivi/hand-gesture-recognition-\
mediapipe: a row is a class and a window of 16 points (x, y), shares of the
frame's width and height, relative to the first. Windows that follow each
other share 15 of their points, so that rows split at random leak.

Where its recorder saw no pointing finger, it wrote the frame's corner down as
the point. Here such a point is unseen.
"""

import csv
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from trimodal.datasets.annotation_types import SampleAnnotation
from trimodal.datasets.converters.files import (
    ConversionError,
    claim_folder,
    random_stream,
)
from trimodal.datasets.packed import PackedWriter

POINT_HISTORY_URL = (
    'https://raw.githubusercontent.com/kinivi/hand-gesture-recognition-'
    'mediapipe/main/model/point_history_classifier/point_history.csv'
)
CLASSES = ('stop', 'clockwise', 'counter-clockwise', 'move')
SPLITS = ('train', 'val', 'test')
WINDOW = 16
# From frame to frame a finger moves by up to 0.07 of the frame's width, in
# this table; to the corner and back by 0.28 or more.
JUMP = 0.2


@dataclass(frozen=True)
class PointHistoryOptions:
    """How the rows are divided, and what they were recorded with.

    Args:
        split (str): ``'blocks'``: contiguous ones of each class, with a gap
            of a window between those of different splits; or ``'random'``
            rows, in the same shares, which leaks. Defaults to 'blocks'.
        blocks (int): Blocks of each class. Defaults to 10.
        val_blocks (int): How many of them validate. Defaults to 2.
        test_blocks (int): How many of them test. Defaults to 2.
        seed (int): Which ones. Defaults to 0.
        width (int): Of the frame, in pixels. Defaults to 960.
        height (int): Of the frame, in pixels. Defaults to 540.
        fps (float): Frames a second; the table does not say, and nothing
            depends on it. Defaults to 30.0.

    Raises:
        ValueError: If one of them is out of range.
    """

    split: str = 'blocks'
    blocks: int = 10
    val_blocks: int = 2
    test_blocks: int = 2
    seed: int = 0
    width: int = 960
    height: int = 540
    fps: float = 30.0

    def __post_init__(self) -> None:
        if self.split not in ('blocks', 'random'):
            raise ValueError(
                f"split must be 'blocks' or 'random', got {self.split!r}"
            )
        held = (self.val_blocks, self.test_blocks)
        if min(held) < 1 or sum(held) >= self.blocks:
            raise ValueError(
                'val_blocks and test_blocks must be 1 or more and leave some '
                f'of the {self.blocks} blocks, got {held}'
            )
        if min(self.width, self.height, self.fps) <= 0 or self.seed < 0:
            raise ValueError(
                'width, height and fps must be above 0 and seed not below, '
                f'got {self.width}, {self.height}, {self.fps}, {self.seed}'
            )


def convert_point_history(
    source: Path, out: Path, options: PointHistoryOptions | None = None
) -> dict[str, int]:
    """Write ``OUT/{train,val,test}.h5``.

    Landmarks are float16 ``[16, 1, 1, 2]``: one hand of one joint, in pixels
    (which float16 holds exactly), relative to where it is first seen, NaN
    where it is not. A row without any seen point is a sample without
    ``gesture``.

    Args:
        source (Path): The table.
        out (Path): Folder for the packed files.
        options (PointHistoryOptions | None): None for their defaults.
            Defaults to None.

    Returns:
        dict[str, int]: Number of samples of each split.

    Raises:
        ConversionError: If the table can't be used, or ``out`` holds
            something else.
    """
    options = options or PointHistoryOptions()
    labels, paths = read_table(source)
    blocks = number_blocks(labels, options.blocks)
    splits = split_rows(labels, blocks, options)
    plan = {name: rows.tolist() for name, rows in splits.items()}
    settings = asdict(options)
    claim_folder(out, 'point_history', settings, [plan, paths.tolist()])
    pixels = np.rint(paths * [options.width, options.height])
    data = mark_unseen(pixels, JUMP * options.width)
    data = data.astype(np.float16)[:, :, None, None]
    preparation = {'converter': 'point_history', **settings}
    for name, rows in splits.items():
        with PackedWriter(
            out / f'{name}.h5',
            {'gesture': {'fps': options.fps}},
            {'classes': list(CLASSES)},
            preparation,
        ) as writer:
            for row in rows:
                seen = np.isfinite(data[row]).any()
                writer.append(
                    _annotation(row, labels[row], blocks[row]),
                    {'gesture': {'data': data[row]} if seen else None},
                )
    return {name: len(rows) for name, rows in splits.items()}


def _annotation(row: int, label: int, block: int) -> SampleAnnotation:
    return SampleAnnotation(
        id=f'row-{row:04d}',
        group=f'{CLASSES[label]}-{block}',
        label=int(label),
    )


def read_table(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read the table.

    Args:
        path (Path): The file.

    Returns:
        tuple[np.ndarray, np.ndarray]: int64 ``[N]`` labels and float64 ``[N,
        16, 2]`` paths.

    Raises:
        ConversionError: If it isn't there, or a line is not as it should be;
            the message names the line.
    """
    if not path.is_file():
        raise ConversionError(
            f'no table {path}; --download fetches it, --table names another'
        )
    labels, paths = [], []
    with path.open(newline='', encoding='utf-8') as file:
        for line, cells in enumerate(csv.reader(file), start=1):
            try:
                label, *values = map(float, cells)
                if label not in range(len(CLASSES)):
                    raise ValueError(label)
                labels.append(int(label))
                paths.append(np.reshape(values, (WINDOW, 2)))
                np.asarray_chkfinite(values)
            except ValueError as error:
                raise ConversionError(
                    f'{path}, line {line}: must be a class from 0 to '
                    f'{len(CLASSES) - 1} and {2 * WINDOW} numbers'
                ) from error
    missing = set(range(len(CLASSES))) - set(labels)
    if missing:
        raise ConversionError(f'{path} has no row of classes {missing}')
    return np.array(labels, np.int64), np.array(paths)


def mark_unseen(paths: np.ndarray, jump: float) -> np.ndarray:
    """Find the points that are the frame's corner, and what is seen first.

    The corner lies above and to the left of whatever is seen. A path that
    never leaves one point is not a finger's, which trembles.

    Args:
        paths (np.ndarray): float64 ``[N, 16, 2]``.
        jump (float): A longer step leads to the corner or away from it.

    Returns:
        np.ndarray: float64 ``[N, 16, 2]`` relative to the first seen point,
        NaN where unseen.
    """
    steps = np.diff(paths, axis=1)
    far = np.linalg.norm(steps, axis=2) > jump
    corner = np.zeros(paths.shape[:2], bool)
    corner[:, 1:] |= far & (steps < 0).all(2)
    corner[:, :-1] |= far & (steps > 0).all(2)
    corner[(paths == paths[:, :1]).all((1, 2)), 0] = True
    # Whatever lies at the very same point is the corner, too.
    same = (paths[:, :, None] == paths[:, None]).all(3)
    corner = (same & corner[:, None]).any(2)
    first = paths[np.arange(len(paths)), np.argmin(corner, axis=1)]
    moved = paths - first[:, None]
    moved[corner] = np.nan
    return moved


def number_blocks(labels: np.ndarray, blocks: int) -> np.ndarray:
    """Cut the rows of each class, in their order, into equal blocks.

    Args:
        labels (np.ndarray): int ``[N]``.
        blocks (int): How many.

    Returns:
        np.ndarray: int64 ``[N]``, the block of each row within its class.
    """
    numbers = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        numbers[rows] = np.arange(len(rows)) * blocks // len(rows)
    return numbers


def split_rows(
    labels: np.ndarray, blocks: np.ndarray, options: PointHistoryOptions
) -> dict[str, np.ndarray]:
    """Divide the rows.

    Args:
        labels (np.ndarray): int ``[N]``.
        blocks (np.ndarray): int ``[N]``, from :func:`number_blocks`.
        options (PointHistoryOptions): How.

    Returns:
        dict[str, np.ndarray]: Row numbers of each split, rising.

    Raises:
        ConversionError: If the blocks are so short that the gaps between
            them leave a split without a class.
    """
    parts = np.full(len(labels), -1)
    shares = np.zeros(options.blocks, np.int64)
    shares[: options.val_blocks] = 1
    shares[options.val_blocks :][: options.test_blocks] = 2
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        rng = random_stream(options.seed, 'point_history', label)
        if options.split == 'random':
            parts[rows] = shares[blocks[rng.permutation(rows)]]
            continue
        part = rng.permutation(shares)[blocks[rows]]
        # Windows that overlap one of another split go, from the later block.
        after = np.flatnonzero(np.diff(part)) + 1
        gaps = after[:, None] + np.arange(WINDOW)
        part[gaps[gaps < len(part)]] = -1
        parts[rows] = part
        if not {0, 1, 2} <= set(part):
            raise ConversionError(
                f'{options.blocks} blocks of class {label}, with gaps of '
                f'{WINDOW} rows, leave a split empty; take fewer'
            )
    return {name: np.flatnonzero(parts == k) for k, name in enumerate(SPLITS)}
