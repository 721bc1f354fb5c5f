"""Connected digits: options, and which clips make which sentence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from trimodal.datasets.converters.files import (
    ConversionError,
    check_least,
    random_stream,
)
from trimodal.datasets.converters.tridigits_annotations import WORDS
from trimodal.datasets.converters.tridigits_pairing import (
    SPLITS,
    decks,
    split_clips,
)
from trimodal.datasets.converters.tridigits_sources import DIGITS, Clip

# What pauses are counted in.
MILLISECOND = 1e-3
_OFFICIAL_TEST = range(5)
_SOURCE = {
    'name': 'Free Spoken Digit Dataset',
    'url': 'https://github.com/Jakobovski/free-spoken-digit-dataset',
    'licence': 'CC BY-SA 4.0',
}
_NOTES = [
    'train holds single recordings: the transform JoinClips makes other '
    'sentences of them in every epoch.',
    'val and test hold fixed sentences of recordings of one speaker, drawn '
    'like cards: each once before one comes again.',
]
_SPLIT_NOTES = {
    'speaker': 'Splits share no speaker.',
    'recordings': 'test has a speaker of its own; val has recordings 0 to 4 '
    'of the training speakers.',
}


@dataclass(frozen=True)
class ConnectedDigitsOptions:
    """What a conversion to connected digits may be told.

    Args:
        val (str): Who is in val: ``'recordings'``, recordings 0 to 4 (the
            published test split) of the training speakers, or ``'speaker'``,
            a speaker of its own, who doesn't train then. Defaults to
            ``'recordings'``.
        val_speaker (str): For the latter. Defaults to ``'nicolas'``.
        test_speaker (str): Defaults to ``'yweweler'``.
        sentences (int): Sentences of each of val and test. Defaults to 500.
        fewest (int): Digits of the shortest sentence. Defaults to 3.
        most (int): Digits of the longest. Defaults to 7.
        max_pause (float): Longest silence between two digits, in seconds;
            the shortest is 0. Defaults to 0.2.
        min_peak (float): The peak of a digit is drawn between this share of
            full scale and 1. Defaults to 0.5.
        seed (int): Seed of all of it. Defaults to 0.
    """

    val: str = 'recordings'
    val_speaker: str = 'nicolas'
    test_speaker: str = 'yweweler'
    sentences: int = 500
    fewest: int = 3
    most: int = 7
    max_pause: float = 0.2
    min_peak: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the values that don't depend on the source."""
        if self.val not in _SPLIT_NOTES:
            raise ValueError(
                f'val must be one of {", ".join(_SPLIT_NOTES)}, got '
                f'{self.val!r}'
            )
        check_least(self, sentences=1, fewest=1, max_pause=0, seed=0)
        if self.most < self.fewest:
            raise ValueError(
                f'most must be >= fewest={self.fewest}, got {self.most}'
            )
        if not 0 < self.min_peak <= 1:
            raise ValueError(
                f'min_peak must lie in (0, 1], got {self.min_peak}'
            )


@dataclass(frozen=True)
class Sentence:
    """What is joined to one sample; a single clip is one, too.

    Args:
        id (str): Unique in its split.
        split (str): Which split it is in.
        clips (tuple[Clip, ...]): One after the other.
        peaks (tuple[float, ...]): The peak of each.
        pauses (tuple[int, ...]): Milliseconds of silence between two.
    """

    id: str
    split: str
    clips: tuple[Clip, ...]
    peaks: tuple[float, ...] = ()
    pauses: tuple[int, ...] = ()

    @property
    def path(self) -> str:
        """The sound file, relative to the split."""
        return f'speech/{self.id}.wav'

    @property
    def text(self) -> str:
        """What is said."""
        return ' '.join(WORDS[clip.digit] for clip in self.clips)


def split_recordings(
    clips: Sequence[Clip], options: ConnectedDigitsOptions
) -> dict[str, list[Clip]]:
    """Sort the clips into splits.

    Args:
        clips (Sequence[Clip]): All of them.
        options (ConnectedDigitsOptions): See there.

    Returns:
        dict[str, list[Clip]]: Clips by split.

    Raises:
        ConversionError: If a speaker is unknown, or a split lacks a digit.
    """
    # With a speaker of val, also where val is to have none: one who is not
    # that of test.
    speakers = [options.val_speaker, options.test_speaker]
    if options.val == 'recordings':
        others = {c.speaker for c in clips} - {options.test_speaker}
        speakers[0] = min(others, default='')
    splits = split_clips(clips, 'speaker', *speakers)
    if options.val == 'recordings':
        seen = splits['train'] + splits['val']
        splits['train'] = [c for c in seen if c.index not in _OFFICIAL_TEST]
        splits['val'] = [c for c in seen if c.index in _OFFICIAL_TEST]
    for split in SPLITS:
        lacking = set(DIGITS) - {clip.digit for clip in splits[split]}
        if lacking:
            raise ConversionError(
                f'--fsdd: no recording of {sorted(lacking)} for split '
                f'{split!r}; the source is too small to be split'
            )
    return splits


def plan_sentences(
    clips: Mapping[str, Sequence[Clip]], options: ConnectedDigitsOptions
) -> list[Sentence]:
    """Single clips for train, sentences for val and test.

    Args:
        clips (Mapping[str, Sequence[Clip]]): Clips by split.
        options (ConnectedDigitsOptions): See there.

    Returns:
        list[Sentence]: By split.
    """
    train, *held_out = SPLITS
    single = [Sentence(c.path.stem, train, (c,)) for c in clips[train]]
    return single + [
        sentence
        for split in held_out
        for sentence in _draw(split, clips[split], options)
    ]


def _draw(
    split: str, clips: Sequence[Clip], options: ConnectedDigitsOptions
) -> list[Sentence]:
    cards = {
        name: decks(
            [clip for clip in clips if clip.speaker == name],
            options.seed,
            split,
            name,
        )
        for name in sorted({clip.speaker for clip in clips})
    }
    rng = random_stream(options.seed, split, 'sentences')
    sentences = []
    for number in range(options.sentences):
        own = cards[rng.choice(list(cards)).item()]
        count = int(rng.integers(options.fewest, options.most + 1))
        digits = rng.choice(sorted(own), count).tolist()
        peaks = rng.uniform(options.min_peak, 1, count).round(3)
        longest = round(options.max_pause / MILLISECOND)
        pauses = rng.integers(longest + 1, size=count - 1)
        sentences.append(
            Sentence(
                f'{split}{number:04d}',
                split,
                tuple(next(own[digit]) for digit in digits),
                tuple(peaks.tolist()),
                tuple(pauses.tolist()),
            )
        )
    return sentences


def annotation_file(
    sentences: Sequence[Sentence], options: ConnectedDigitsOptions
) -> dict[str, Any]:
    """The content of one split's ``annotations.json``.

    Args:
        sentences (Sequence[Sentence]): Those of the split.
        options (ConnectedDigitsOptions): The conversion's options.

    Returns:
        dict[str, Any]: JSON content.
    """
    clips = [clip for sentence in sentences for clip in sentence.clips]
    metainfo = {
        'dataset': 'connected_digits',
        'words': list(WORDS),
        'sources': {'speech': _SOURCE},
        'counts': {
            'samples': len(sentences),
            'words': len(clips),
            'speakers': len({clip.speaker for clip in clips}),
            'recordings': len(set(clips)),
            'by_word': {
                WORDS[digit]: count
                for digit, count in sorted(
                    Counter(clip.digit for clip in clips).items()
                )
            },
        },
        'options': asdict(options),
        'notes': [_SPLIT_NOTES[options.val], *_NOTES],
    }
    return {
        'metainfo': metainfo,
        'samples': [_annotation(sentence) for sentence in sentences],
    }


def _annotation(sentence: Sentence) -> dict[str, Any]:
    return {
        'id': sentence.id,
        'group': sentence.clips[0].speaker,
        'speech_path': sentence.path,
        'transcription': sentence.text,
        'metadata': {
            'recordings': [clip.path.name for clip in sentence.clips],
            'peaks': list(sentence.peaks),
            'pauses_ms': list(sentence.pauses),
        },
    }
