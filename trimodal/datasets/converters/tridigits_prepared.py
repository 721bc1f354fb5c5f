"""Reading a prepared TriDigits, for what is made of it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trimodal.datasets.converters.files import ConversionError
from trimodal.datasets.converters.tridigits_pairing import (
    Picture,
    split_pictures,
)
from trimodal.datasets.converters.tridigits_sources import read_pictures
from trimodal.datasets.packed import PackedReader

Written = tuple[Picture, np.ndarray]


def open_split(
    source: Path, split: str, modalities: Sequence[str]
) -> PackedReader:
    """Open one split, a file or the shards of it.

    Args:
        source (Path): A packed TriDigits of ``tools/prepare_data.py``.
        split (str): ``'train'``, ``'val'`` or ``'test'``.
        modalities (Sequence[str]): The streams to read.

    Returns:
        PackedReader: Its samples.

    Raises:
        ConversionError: If there is no such split, or it can't be read.
    """
    path = source / f'{split}.h5'
    try:
        return PackedReader(
            path if path.exists() else f'{source}/{split}-*.h5', modalities
        )
    except (FileNotFoundError, ValueError) as error:
        raise ConversionError(
            f'--source: {error}; give the folder of a packed TriDigits'
        ) from error


def checksum(reader: PackedReader) -> str:
    """SHA-256 over the files of a split."""
    whole = hashlib.sha256()
    for path in reader.paths:
        whole.update(path.read_bytes())
    return whole.hexdigest()


def written_digits(
    mnist: Path, metainfo: Mapping[str, Any]
) -> dict[str, list[Written]]:
    """MNIST's pictures, in the splits that a TriDigits has them in.

    Args:
        mnist (Path): Folder of its four IDX files.
        metainfo (Mapping[str, Any]): That of the TriDigits.

    Returns:
        dict[str, list[tuple[Picture, numpy.ndarray]]]: By split, with their
        pixels, uint8 ``[28, 28]``.

    Raises:
        ConversionError: If a file is missing, damaged or of another kind.
    """
    seed = metainfo.get('options', {}).get('seed', 0)
    parts = {part: read_pictures(mnist, part) for part in ('train', 't10k')}
    splits = split_pictures(parts['train'], parts['t10k'], seed)
    return {
        split: [(card, parts[card.part].pixels[card.index]) for card in cards]
        for split, cards in splits.items()
    }


def checksum_of_pictures(pictures: Iterable[Written]) -> str:
    """SHA-256 over what :func:`written_digits` gave for a split."""
    whole = hashlib.sha256()
    for card, pixels in pictures:
        whole.update(f'{card}'.encode() + pixels.tobytes())
    return whole.hexdigest()
