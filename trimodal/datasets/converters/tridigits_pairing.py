"""TriDigits: who is in which split, and which files make a sample."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from trimodal.datasets.converters.files import (
    ConversionError,
    random_stream,
)
from trimodal.datasets.converters.tridigits_sources import (
    DIGITS,
    Clip,
    Photo,
    Pictures,
)

Item = TypeVar('Item')

SPLITS = ('train', 'val', 'test')
_HELD_OUT = 0.15  # of the students, and of MNIST's train part for val
_OFFICIAL_TEST = range(5)
_OFFICIAL_VAL = range(5, 10)


@dataclass(frozen=True)
class Picture:
    """A written digit: one of MNIST's, by part and position."""

    part: str
    index: int
    digit: int


class _OfDigit(Protocol):
    @property
    def digit(self) -> int: ...


Card = TypeVar('Card', bound=_OfDigit)


@dataclass(frozen=True)
class DigitSample:
    """One digit spoken, signed and written, in one split."""

    id: str
    split: str
    clip: Clip
    photo: Photo
    picture: Picture


def split_clips(
    clips: Sequence[Clip], rule: str, val_speaker: str, test_speaker: str
) -> dict[str, list[Clip]]:
    """Share the clips out over the splits.

    Args:
        clips (Sequence[Clip]): All of them.
        rule (str): ``'speaker'`` holds two speakers out; ``'official'`` is
            the published split, where the same people are in every split:
            index 0-4 for test, the others for training, of which 5-9 are
            kept for val here.
        val_speaker (str): Held out for val, by rule ``'speaker'``.
        test_speaker (str): Held out for test, by rule ``'speaker'``.

    Returns:
        dict[str, list[Clip]]: The clips of each split.

    Raises:
        ConversionError: If a speaker is unknown or named twice.
    """
    if rule == 'speaker':
        _check_speakers(clips, val_speaker, test_speaker)
        held_out = {val_speaker: 'val', test_speaker: 'test'}
        return _sort_out((held_out.get(c.speaker, 'train'), c) for c in clips)
    by_index = dict.fromkeys(_OFFICIAL_TEST, 'test')
    by_index |= dict.fromkeys(_OFFICIAL_VAL, 'val')
    return _sort_out((by_index.get(c.index, 'train'), c) for c in clips)


def _check_speakers(clips: Sequence[Clip], val: str, test: str) -> None:
    speakers = sorted({clip.speaker for clip in clips})
    for option, name in (('--val-speaker', val), ('--test-speaker', test)):
        if name not in speakers:
            raise ConversionError(
                f'{option}: {name!r} is none of {", ".join(speakers)}'
            )
    if val == test:
        raise ConversionError(
            f'--val-speaker and --test-speaker are both {val!r}'
        )


def split_photos(photos: Sequence[Photo], seed: int) -> dict[str, list[Photo]]:
    """Share the students out over the splits: 70, 15 and 15 %."""
    students = sorted({photo.student for photo in photos})
    order = random_stream(seed, 'students').permutation(students).tolist()
    count = max(1, round(_HELD_OUT * len(students)))
    held_out = dict.fromkeys(order[:count], 'val')
    held_out |= dict.fromkeys(order[count : 2 * count], 'test')
    return _sort_out((held_out.get(p.student, 'train'), p) for p in photos)


def split_pictures(
    train: Pictures, t10k: Pictures, seed: int
) -> dict[str, list[Picture]]:
    """MNIST's own test part is test; 15 % of each train digit are val."""
    val: set[int] = set()
    for digit in DIGITS:
        indices = np.flatnonzero(train.digits == digit)
        order = random_stream(seed, 'pictures', digit).permutation(indices)
        val.update(order[: max(1, round(_HELD_OUT * len(order)))].tolist())
    kept = [i for i in range(len(train.digits)) if i not in val]
    splits = {
        'train': (train, kept),
        'val': (train, sorted(val)),
        'test': (t10k, list(range(len(t10k.digits)))),
    }
    return {
        split: [Picture(of.part, i, int(of.digits[i])) for i in indices]
        for split, (of, indices) in splits.items()
    }


def _sort_out(pairs: Iterable[tuple[str, Item]]) -> dict[str, list[Item]]:
    splits: dict[str, list[Item]] = {split: [] for split in SPLITS}
    for split, item in pairs:
        splits[split].append(item)
    return splits


def pair_samples(
    clips: Mapping[str, Sequence[Clip]],
    photos: Mapping[str, Sequence[Photo]],
    pictures: Mapping[str, Sequence[Picture]],
    per_clip: int,
    seed: int,
) -> list[DigitSample]:
    """Give each clip a photo and a picture of the same digit and split.

    Photos and pictures are dealt like cards: each is used once before one
    is used again. With fewer pictures than clips (test, mostly) they serve
    several samples of that split, never of two splits.

    Args:
        clips (Mapping): Clips by split.
        photos (Mapping): Photos by split.
        pictures (Mapping): Pictures by split.
        per_clip (int): Samples made of each clip.
        seed (int): Seed of the pairing.

    Returns:
        list[DigitSample]: By split, turn, speaker, digit and index.

    Raises:
        ConversionError: If a split lacks a digit in one of the sources.
    """
    samples = []
    for split in SPLITS:
        photo = decks(photos[split], seed, split, 'photo')
        picture = decks(pictures[split], seed, split, 'picture')
        spoken = {clip.digit for clip in clips[split]}
        _check_digits(split, spoken, set(photo), set(picture))
        samples += [
            DigitSample(
                f'{clip.path.stem}_{turn}',
                split,
                clip,
                next(photo[clip.digit]),
                next(picture[clip.digit]),
            )
            for turn in range(per_clip)
            for clip in clips[split]
        ]
    return samples


def decks(
    items: Iterable[Card], seed: int, split: str, kind: str
) -> dict[int, Iterator[Card]]:
    """For each digit, its items without end, each turn in another order.

    Args:
        items (Iterable): What is dealt, each with its ``digit``.
        seed (int): Seed of the order.
        split (str): Names the stream of random numbers, with ``kind``.
        kind (str): What the items are.

    Returns:
        dict[int, Iterator]: A deck a digit that has items.
    """
    by_digit: dict[int, list[Card]] = {}
    for item in items:
        by_digit.setdefault(item.digit, []).append(item)
    return {
        digit: _deal(cards, random_stream(seed, split, kind, digit))
        for digit, cards in by_digit.items()
    }


def _deal(cards: Sequence[Card], rng: np.random.Generator) -> Iterator[Card]:
    while True:
        for position in rng.permutation(len(cards)):
            yield cards[position]


def _check_digits(
    split: str, spoken: set[int], signed: set[int], written: set[int]
) -> None:
    for option, digits in (
        ('--fsdd', spoken),
        ('--sign-digits', signed),
        ('--mnist', written),
    ):
        lacking = sorted(set(DIGITS) - digits)
        if lacking:
            raise ConversionError(
                f'{option}: no digit {lacking} for split {split!r}; the '
                'source is too small to be split'
            )
