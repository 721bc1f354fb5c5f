"""TriDigits, hard: a prepared TriDigits whose modalities are all damaged.

It reads and writes packed files, so landmarks need not be found again. Each
sample draws from streams of its own: the result depends on the source, the
level and the seed alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from trimodal.datasets.converters import tridigits_hard_parts as parts
from trimodal.datasets.converters.files import (
    ConversionError,
    claim_folder,
    random_stream,
)
from trimodal.datasets.converters.tridigits_pairing import SPLITS
from trimodal.datasets.converters.tridigits_prepared import (
    checksum,
    open_split,
)
from trimodal.datasets.packed import PackedReader, PackedWriter

MODALITIES = ('speech', 'gesture', 'image')
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class HardOptions:
    """What a conversion to hard TriDigits may be told.

    Args:
        level (float): Strength of the damage, from 0, none, to 1: speech at
            0 dB, pictures without 75 % of their variance, landmarks jittered
            and half of the frames lost. Defaults to 1.0.
        seed (int): Seed of all that is drawn. Defaults to 0.

    Raises:
        ValueError: If ``level`` lies outside [0, 1] or ``seed`` is negative.
    """

    level: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Check."""
        if not 0 <= self.level <= 1:
            raise ValueError(f'level must lie in [0, 1], got {self.level}')
        if self.seed < 0:
            raise ValueError(f'seed must be >= 0, got {self.seed}')


def convert_tridigits_hard(
    source: Path, out: Path, options: HardOptions
) -> dict[str, int]:
    """Make ``out/{train,val,test}.h5`` from those of ``source``.

    A split that is there already is left as it is.

    Args:
        source (Path): A packed TriDigits of ``tools/prepare_data.py``.
        out (Path): Output folder.
        options (HardOptions): See there.

    Returns:
        dict[str, int]: Samples of each split.

    Raises:
        ConversionError: If the source can't be used or ``out`` is taken.
    """
    readers = {split: _open(source, split) for split in SPLITS}
    checksums = {split: checksum(reader) for split, reader in readers.items()}
    claim_folder(out, 'tridigits_hard', asdict(options), checksums)
    missing = [s for s in SPLITS if not (out / f'{s}.h5').exists()]
    if missing:
        pictures = parts.PictureFilter.fit(
            _pictures(readers['train']), parts.LOST_VARIANCE * options.level
        )
    for split in missing:
        _write(readers[split], out / f'{split}.h5', pictures, options)
    return {split: len(reader) for split, reader in readers.items()}


def _open(source: Path, split: str) -> PackedReader:
    reader = open_split(source, split, MODALITIES)
    path = source / f'{split}.h5'
    if 'sample_rate' not in reader.attributes['speech']:
        raise ConversionError(f'--source: {path} tells no sample_rate')
    if reader.attributes['image'].get('encoding') != 'raw':
        raise ConversionError(
            f'--source: the pictures in {path} are not stored raw; prepare '
            "them with encoding='raw'"
        )
    return reader


def _pictures(reader: PackedReader) -> np.ndarray:
    """All pictures that are present, uint8 ``[N, ...]``."""
    found = [reader.arrays(i)['image'] for i in range(len(reader))]
    pictures = [item['data'] for item in found if item is not None]
    shapes = {picture.shape for picture in pictures}
    if len(shapes) != 1:
        raise ConversionError(
            '--source: the training pictures must all be of one size, got '
            f'{sorted(shapes)}'
        )
    return np.stack(pictures)


def _write(
    reader: PackedReader,
    path: Path,
    pictures: parts.PictureFilter,
    options: HardOptions,
) -> None:
    damage = {
        'level': options.level,
        'seed': options.seed,
        'speech_snr': parts.SNR,
        'picture_variance_lost': parts.LOST_VARIANCE * options.level,
        'picture_components': len(pictures.components),
        'picture_range': [pictures.low, pictures.high],
        'landmark_jitter': parts.JITTER * options.level,
        'frames_lost': parts.DROP * options.level,
    }
    metainfo = reader.metainfo | {
        'dataset': 'tridigits_hard',
        'damage': damage,
    }
    writer = PackedWriter(
        path, reader.attributes, metainfo, reader.preparation
    )
    rows = range(len(reader))
    with writer:
        for row in track(rows, description=path.stem, total=len(rows)):
            writer.append(*_damaged(reader, row, pictures, options))


def _damaged(
    reader: PackedReader,
    row: int,
    pictures: parts.PictureFilter,
    options: HardOptions,
) -> tuple[Any, dict[str, Arrays | None]]:
    """Annotation and streams of one sample."""
    annotation = reader.annotation(row)

    def stream(name: str) -> np.random.Generator:
        return random_stream(options.seed, name, annotation.id)

    rate = int(reader.attributes['speech']['sample_rate'])
    change: dict[str, Callable[[Arrays], Arrays]] = {
        'speech': lambda found: {
            'data': parts.noisy_speech(
                found['data'], rate, options.level, stream('speech')
            )
        },
        'gesture': lambda found: parts.shaken_hands(
            found, options.level, stream('gesture')
        ),
        'image': lambda found: {'data': pictures(found['data'])},
    }
    return annotation, {
        name: None if found is None else change[name](found)
        for name, found in reader.arrays(row).items()
    }
