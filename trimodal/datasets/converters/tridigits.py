"""TriDigits: one digit spoken, signed and written, from public data sets.

A sample is a recording of the Free Spoken Digit Dataset, a photo of the Sign
Language Digits Dataset made into a short video (``camera.py``: a smooth,
small, seeded shift, zoom and rotation; nobody moved) and a picture of MNIST,
all of the same digit. No person speaks, signs and writes: the three are
paired at random within the digit and the split.
"""

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from trimodal.datasets.converters.camera import film
from trimodal.datasets.converters.files import (
    ConversionError,
    claim_folder,
    run_jobs,
    to_json,
    write_file,
)
from trimodal.datasets.converters.media import encode_mp4, encode_picture
from trimodal.datasets.converters.tridigits_annotations import (
    VIDEO_SIZE,
    TriDigitsOptions,
    annotation_file,
    camera_motion,
    media_paths,
)
from trimodal.datasets.converters.tridigits_pairing import (
    SPLITS,
    DigitSample,
    pair_samples,
    split_clips,
    split_photos,
    split_pictures,
)
from trimodal.datasets.converters.tridigits_sources import (
    Clip,
    Photo,
    Pictures,
    photo_runs,
    read_clips,
    read_photos,
    read_pictures,
)


@dataclass(frozen=True)
class _Job:
    """All that a worker needs to write the files of one sample."""

    sample: DigitSample
    pixels: np.ndarray  # uint8 [28, 28]
    out: Path
    options: TriDigitsOptions


def convert_tridigits(
    fsdd: Path,
    sign_digits: Path,
    mnist: Path,
    out: Path,
    options: TriDigitsOptions,
    workers: int = 1,
) -> dict[str, int]:
    """Make ``out/{train,val,test}`` with media and ``annotations.json``.

    A run that was stopped goes on where it stopped; a finished one is left
    as it is. The files depend on the sources and options alone.

    Args:
        fsdd (Path): Folder of the Free Spoken Digit Dataset.
        sign_digits (Path): Folder of the Sign Language Digits Dataset.
        mnist (Path): Folder of MNIST's four IDX files.
        out (Path): Output folder.
        options (TriDigitsOptions): See there.
        workers (int): Processes. Defaults to 1.

    Returns:
        dict[str, int]: Samples of each split.

    Raises:
        ConversionError: If a source can't be used or ``out`` is taken.
    """
    clips, photos = read_clips(fsdd), read_photos(sign_digits)
    parts = {part: read_pictures(mnist, part) for part in ('train', 't10k')}
    samples = _pair(clips, photos, parts, options)
    facts = {
        'recordings': len(clips),
        'photos': len(photos),
        'photo_runs': len(photo_runs(photos)),
        'students': len({photo.student for photo in photos}),
        'pictures': sum(len(part.digits) for part in parts.values()),
    }
    annotations = {
        split: annotation_file(
            [s for s in samples if s.split == split], options, facts
        )
        for split in SPLITS
    }
    claim_folder(out, 'tridigits', asdict(options), annotations)
    jobs = [
        _Job(s, parts[s.picture.part].pixels[s.picture.index], out, options)
        for s in samples
    ]
    run_jobs(_write, [job for job in jobs if _missing(job)], workers, 'media')
    for split, content in annotations.items():
        path = out / split / 'annotations.json'
        if not path.exists():
            write_file(path, to_json(content))
    return dict(Counter(s.split for s in samples))


def _pair(
    clips: list[Clip],
    photos: list[Photo],
    parts: dict[str, Pictures],
    options: TriDigitsOptions,
) -> list[DigitSample]:
    by_split = split_clips(
        clips, options.fsdd_split, options.val_speaker, options.test_speaker
    )
    return pair_samples(
        by_split,
        split_photos(photos, options.seed),
        split_pictures(parts['train'], parts['t10k'], options.seed),
        options.per_clip,
        options.seed,
    )


def _missing(job: _Job) -> dict[str, Path]:
    """The files of a sample that are not there yet, by media field."""
    folder = job.out / job.sample.split
    paths = media_paths(job.sample).items()
    return {
        field: folder / path
        for field, path in paths
        if not (folder / path).exists()
    }


def _write(job: _Job) -> None:
    make = {
        'speech_path': _speech,
        'video_path': _video,
        'image_path': _picture,
    }
    for field, path in _missing(job).items():
        write_file(path, make[field](job))


def _speech(job: _Job) -> bytes:
    return job.sample.clip.path.read_bytes()


def _picture(job: _Job) -> bytes:
    return encode_picture(job.pixels, '.png')


def _video(job: _Job) -> bytes:
    cv2.setNumThreads(1)  # the processes share the cores already
    path = job.sample.photo.path
    photo = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if photo is None:
        raise ConversionError(f'--sign-digits: {path} is not a picture')
    photo = cv2.cvtColor(photo, cv2.COLOR_BGR2RGB)
    motion = camera_motion(job.sample, job.options.seed)
    frames = film(photo, motion, job.options.frames, VIDEO_SIZE)
    return encode_mp4(frames, job.options.fps)
