"""Other tasks made of a prepared TriDigits: its speech and its signs.

The pictures are new. It reads and writes packed files, so landmarks need not
be found again. In a new sample somebody says a digit and somebody signs it,
dealt anew within digit and split; the pictures are drawn from MNIST's files
by the task. What a sample shows comes from a stream of its own, seeded by its
split and number.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from rich.progress import track

from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.converters.files import (
    ConversionError,
    check_least,
    claim_folder,
    random_stream,
)
from trimodal.datasets.converters.tridigits_pairing import (
    SPLITS,
    decks,
)
from trimodal.datasets.converters.tridigits_prepared import (
    Written,
    checksum,
    checksum_of_pictures,
    open_split,
    written_digits,
)
from trimodal.datasets.converters.tridigits_sources import DIGITS
from trimodal.datasets.packed import PackedReader, PackedWriter

PERSONAL = ('speech', 'gesture')
Digits = Mapping[int, Iterator[Written]]


@dataclass(frozen=True)
class RecastOptions:
    """How many samples are made, and from which seed.

    Args:
        train (int): Training samples. Defaults to 2000.
        val (int): Validation samples. Defaults to 400.
        test (int): Test samples. Defaults to 400.
        seed (int): Seed of all that is drawn. Defaults to 0.

    Raises:
        ValueError: If a number of samples is less than 1 or ``seed`` is
            negative.
    """

    train: int = 2000
    val: int = 400
    test: int = 400
    seed: int = 0

    def __post_init__(self) -> None:
        """Check."""
        check_least(self, train=1, val=1, test=1, seed=0)


class Task(Protocol):
    """What a task makes of the digit that is said and signed.

    Attributes:
        name (str): Of the data set.
        picture_size (int): Side of its pictures, in pixels.
        metainfo (dict): What goes before TriDigits' metainfo.
    """

    name: str
    picture_size: int

    @property
    def metainfo(self) -> dict[str, Any]:
        """Classes and notes."""

    def draw(
        self, digit: int, digits: Digits, rng: np.random.Generator
    ) -> tuple[np.ndarray, SampleAnnotation]:
        """A picture, uint8 ``[size, size]``, and what is known of it.

        The annotation's id and group stay open; its ``metadata`` says what
        is in the picture.
        """


@dataclass(frozen=True)
class _Row:
    """What one person says or signs: a place in a packed split."""

    index: int
    digit: int


def recast(
    source: Path, mnist: Path, out: Path, task: Task, options: RecastOptions
) -> dict[str, int]:
    """Make ``out/{train,val,test}.h5`` of a task.

    A split that is there already is left as it is.

    Args:
        source (Path): A packed TriDigits of ``tools/prepare_data.py``.
        mnist (Path): Folder of MNIST's four IDX files.
        out (Path): Output folder.
        task (Task): What the pictures show and what is asked.
        options (RecastOptions): See there.

    Returns:
        dict[str, int]: Samples of each split.

    Raises:
        ConversionError: If a source can't be used or ``out`` is taken.
    """
    readers = {split: _open(source, split) for split in SPLITS}
    pictures = written_digits(mnist, readers['train'].metainfo)
    plan = {
        split: [
            checksum(readers[split]),
            checksum_of_pictures(pictures[split]),
        ]
        for split in SPLITS
    }
    claim_folder(out, task.name, asdict(options), plan)
    counts = {split: getattr(options, split) for split in SPLITS}
    for split, count in counts.items():
        if not (out / f'{split}.h5').exists():
            samples = _Samples(
                split, readers[split], pictures[split], task, options
            )
            samples.write(out / f'{split}.h5', count)
    return counts


def _open(source: Path, split: str) -> PackedReader:
    reader = open_split(source, split, PERSONAL)
    for name in PERSONAL:
        found = set(reader.labels()[reader.has(name)].tolist())
        if found != set(DIGITS):
            raise ConversionError(
                f'--source: the {name} of {split} must be of the digits 0 to '
                f'9, each at least once, got {sorted(found)}'
            )
    return reader


class _Samples:
    """Makes the samples of one split, one after the other."""

    def __init__(
        self,
        split: str,
        reader: PackedReader,
        pictures: list[Written],
        task: Task,
        options: RecastOptions,
    ) -> None:
        self.split, self.seed = split, options.seed
        self.reader, self.task, self.options = reader, task, options
        labels = reader.labels()
        self.rows = {
            name: decks(
                [
                    _Row(int(index), int(labels[index]))
                    for index in np.flatnonzero(reader.has(name))
                ],
                self.seed,
                split,
                name,
            )
            for name in PERSONAL
        }
        pixels = dict(pictures)
        cards = decks(pixels, self.seed, split, 'picture')
        lacking = sorted(set(DIGITS) - set(cards))
        if lacking:
            raise ConversionError(f'--mnist: no digit {lacking} for {split!r}')
        self.digits: Digits = {
            digit: ((card, pixels[card]) for card in deck)
            for digit, deck in cards.items()
        }

    def write(self, path: Path, count: int) -> None:
        """Write ``count`` samples, as many of each digit as of the others."""
        order = random_stream(self.seed, self.split, 'digits')
        spoken = order.permutation(np.arange(count) % len(DIGITS)).tolist()
        streams = {
            **self.reader.attributes,
            'image': {'encoding': 'raw'},
        }
        writer = PackedWriter(
            path, streams, self._metainfo(), self._preparation()
        )
        with writer:
            for number, digit in track(
                enumerate(spoken), description=self.split, total=count
            ):
                writer.append(*self._sample(number, digit))

    def _sample(
        self, number: int, digit: int
    ) -> tuple[SampleAnnotation, dict[str, Any]]:
        rows = {name: next(deck[digit]) for name, deck in self.rows.items()}
        arrays = {
            name: self.reader.arrays(row.index)[name]
            for name, row in rows.items()
        }
        rng = random_stream(self.seed, self.split, number)
        picture, drawn = self.task.draw(digit, self.digits, rng)
        speaker, signer = (
            self.reader.annotation(rows[name].index) for name in PERSONAL
        )
        annotation = replace(
            drawn,
            id=f'{self.split}_{number:05d}',
            group=speaker.group,
            metadata={
                'recording': speaker.metadata.get('recording'),
                'student': signer.metadata.get('student'),
                'photo': signer.metadata.get('photo'),
                **drawn.metadata,
            },
        )
        colours = np.repeat(picture[..., None], 3, axis=2)
        return annotation, {**arrays, 'image': {'data': colours}}

    def _metainfo(self) -> dict[str, Any]:
        kept = ('classes', 'sources', 'source_counts')
        found = self.reader.metainfo
        return {
            **{key: found[key] for key in kept if key in found},
            'dataset': self.task.name,
            'options': asdict(self.options),
            'tridigits_options': found.get('options', {}),
            **self.task.metainfo,
        }

    def _preparation(self) -> dict[str, Any]:
        """How raw media come to look like these samples."""
        found = self.reader.preparation
        size = self.task.picture_size
        image = {
            'type': 'ImagePreparer',
            'target_size': [size, size],
            'keep_ratio': False,
            'encoding': 'raw',
        }
        modalities = {**found.get('modalities', {}), 'image': image}
        return {**found, 'modalities': modalities}
