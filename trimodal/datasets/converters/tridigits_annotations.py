"""TriDigits: options, file names and what ``annotations.json`` says."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from trimodal.datasets.converters.camera import CameraMotion
from trimodal.datasets.converters.files import check_least, random_stream
from trimodal.datasets.converters.tridigits_pairing import DigitSample

VIDEO_SIZE = 256
WORDS = (
    *('zero', 'one', 'two', 'three', 'four'),
    *('five', 'six', 'seven', 'eight', 'nine'),
)
_SOURCES = {
    'speech': {
        'name': 'Free Spoken Digit Dataset',
        'url': 'https://github.com/Jakobovski/free-spoken-digit-dataset',
        'licence': 'CC BY-SA 4.0',
    },
    'gesture': {
        'name': 'Sign Language Digits Dataset',
        'url': 'https://github.com/ardamavi/Sign-Language-Digits-Dataset',
        'licence': 'Apache-2.0',
        'paper': 'arXiv:2011.08927',
    },
    'image': {
        'name': 'MNIST',
        'url': 'http://yann.lecun.com/exdb/mnist/',
        'licence': 'CC BY-SA 3.0',
    },
}
_NOTES = [
    'Speech, sign and writing are paired at random within the digit and the '
    'split: no person gives all three.',
    'The source names no students: they are told from the order of the '
    'photos, and neighbouring incomplete series count as one student.',
    'Videos are made from photos: the photo with a replicated border of half '
    'its size, scaled to 256 pixels, under a seeded, smooth, small shift, '
    'zoom and rotation (metadata.camera of each sample).',
    'Splits share no student and no picture. A picture or photo may serve '
    'several samples of one split.',
]
_SPLIT_NOTES = {
    'speaker': 'Splits share no speaker.',
    'official': 'Published split by recording: the same speakers are in all '
    'splits; test is index 0-4, val 5-9.',
}


@dataclass(frozen=True)
class TriDigitsOptions:
    """What a conversion to TriDigits may be told.

    Args:
        fsdd_split (str): ``'speaker'`` (no speaker is in two splits) or
            ``'official'`` (the published split by index, where the same
            speakers are in all). Defaults to ``'speaker'``.
        val_speaker (str): Defaults to ``'nicolas'``, which with
            ``'yweweler'`` is the end of the speakers' alphabet.
        test_speaker (str): Defaults to ``'yweweler'``.
        per_clip (int): Samples made of each recording. Defaults to 1.
        frames (int): Length of a video. Defaults to 16.
        fps (int): Frames per second of a video. Defaults to 30.
        seed (int): Seed of splits, pairing and camera. Defaults to 0.
    """

    fsdd_split: str = 'speaker'
    val_speaker: str = 'nicolas'
    test_speaker: str = 'yweweler'
    per_clip: int = 1
    frames: int = 16
    fps: int = 30
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the values that don't depend on the sources."""
        if self.fsdd_split not in _SPLIT_NOTES:
            raise ValueError(
                f'fsdd_split must be one of {", ".join(_SPLIT_NOTES)}, got '
                f'{self.fsdd_split!r}'
            )
        check_least(self, per_clip=1, frames=1, fps=1, seed=0)


def media_paths(sample: DigitSample) -> dict[str, str]:
    """A sample's files, relative to its split; clip and picture by source."""
    picture = sample.picture
    return {
        'speech_path': f'speech/{sample.clip.path.name}',
        'video_path': f'video/{sample.id}.mp4',
        'image_path': f'images/{picture.part}_{picture.index:05d}.png',
    }


def camera_motion(sample: DigitSample, seed: int) -> CameraMotion:
    """The camera's motion in a sample's video."""
    return CameraMotion.draw(random_stream(seed, 'camera', sample.id))


def annotation_file(
    samples: Sequence[DigitSample],
    options: TriDigitsOptions,
    facts: Mapping[str, int],
) -> dict[str, Any]:
    """The content of one split's ``annotations.json``.

    Args:
        samples (Sequence[DigitSample]): The samples of the split.
        options (TriDigitsOptions): The conversion's options.
        facts (Mapping[str, int]): Counts of the sources.

    Returns:
        dict[str, Any]: JSON content.
    """
    counts = {
        'samples': len(samples),
        'speakers': len({s.clip.speaker for s in samples}),
        'recordings': len({s.clip for s in samples}),
        'students': len({s.photo.student for s in samples}),
        'photos': len({s.photo for s in samples}),
        'pictures': len({s.picture for s in samples}),
    }
    metainfo = {
        'dataset': 'tridigits',
        'classes': list(WORDS),
        'sources': _SOURCES,
        'source_counts': dict(facts),
        'counts': counts,
        'options': asdict(options),
        'notes': [_SPLIT_NOTES[options.fsdd_split], *_NOTES],
    }
    return {
        'metainfo': metainfo,
        'samples': [_annotation(s, options) for s in samples],
    }


def _annotation(
    sample: DigitSample, options: TriDigitsOptions
) -> dict[str, Any]:
    photo, picture = sample.photo, sample.picture
    return {
        'id': sample.id,
        'group': sample.clip.speaker,
        **media_paths(sample),
        'label': sample.clip.digit,
        'transcription': WORDS[sample.clip.digit],
        'metadata': {
            'duration': round(options.frames / options.fps, 4),
            'fps': options.fps,
            'resolution': [VIDEO_SIZE, VIDEO_SIZE],
            'recording': sample.clip.path.name,
            'student': photo.student,
            'photo': f'{photo.digit}/{photo.path.name}',
            'picture': f'{picture.part} {picture.index}',
            'camera': camera_motion(sample, options.seed).to_dict(),
        },
    }
