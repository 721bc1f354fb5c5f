"""The demo: spoken, gestured and shown commands, generated, no download.

Real wav, mp4 and jpg files, made in seconds, on which no single modality
suffices: see ``demo_design.py`` for what each can tell at best.
"""

import io
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import soundfile

from trimodal.datasets.converters.demo_annotations import (
    FPS,
    annotation_file,
    media_paths,
)
from trimodal.datasets.converters.demo_design import DemoOptions
from trimodal.datasets.converters.demo_hand import gesture_motion
from trimodal.datasets.converters.demo_picture import draw_picture, draw_wall
from trimodal.datasets.converters.demo_plan import DemoSample, plan_samples
from trimodal.datasets.converters.demo_render import Scene, render_hand
from trimodal.datasets.converters.demo_speech import SAMPLE_RATE, speak
from trimodal.datasets.converters.files import (
    claim_folder,
    run_jobs,
    to_json,
    write_file,
)
from trimodal.datasets.converters.media import encode_mp4, encode_picture

VIDEO_SIZE = 128


@dataclass(frozen=True)
class _Job:
    """All that a worker needs to write the files of one sample."""

    sample: DemoSample
    out: Path


def generate_demo(
    out: Path, options: DemoOptions, workers: int = 1
) -> dict[str, int]:
    """Make ``out/{train,val,test}`` with media and ``annotations.json``.

    A run that was stopped goes on where it stopped; a finished one is left
    as it is. The files depend on the options alone.

    Args:
        out (Path): Output folder.
        options (DemoOptions): Size and seed.
        workers (int): Processes. Defaults to 1.

    Returns:
        dict[str, int]: Samples of each split.

    Raises:
        ConversionError: If ``out`` is taken.
    """
    samples = plan_samples(options)
    annotations = {
        split: annotation_file(
            [s for s in samples if s.split == split], options
        )
        for split in options.sizes
    }
    claim_folder(out, 'demo', asdict(options), annotations)
    jobs = [_Job(sample, out) for sample in samples]
    run_jobs(_write, [job for job in jobs if _missing(job)], workers, 'media')
    for split, content in annotations.items():
        path = out / split / 'annotations.json'
        if not path.exists():
            write_file(path, to_json(content))
    return dict(Counter(s.split for s in samples))


def _missing(job: _Job) -> dict[str, Path]:
    """The files of a sample that are not there yet, by media field."""
    folder = job.out / job.sample.split
    return {
        field: folder / path
        for field, path in media_paths(job.sample).items()
        if path and not (folder / path).exists()
    }


def _write(job: _Job) -> None:
    cv2.setNumThreads(1)  # the processes share the cores already
    make = {
        'speech_path': _speech,
        'video_path': _video,
        'image_path': _picture,
    }
    for field, path in _missing(job).items():
        write_file(path, make[field](job.sample))


def _speech(sample: DemoSample) -> bytes:
    speed = 0.85 + 0.4 * sample.speed
    rng = sample.stream('speech')
    waveform = speak(sample.words, sample.person.voice, speed, rng)
    buffer = io.BytesIO()
    soundfile.write(buffer, waveform, SAMPLE_RATE, format='WAV')
    return buffer.getvalue()


def _video(sample: DemoSample) -> bytes:
    rng, person = sample.stream('video'), sample.person
    motion = gesture_motion(
        sample.command.gesture, sample.frames, person.left_handed, rng
    )
    right, down = rng.uniform(-0.05, 0.05, 2).tolist()
    scene = Scene(
        size=VIDEO_SIZE,
        scale=person.palm,
        wrist=((0.5 + right) * VIDEO_SIZE, (0.73 + down) * VIDEO_SIZE),
        skin=person.skin,
        background=draw_wall(VIDEO_SIZE, person.wall, rng),
    )
    frames = np.stack([render_hand(joints, scene) for joints in motion])
    return encode_mp4(frames, FPS)


def _picture(sample: DemoSample) -> bytes:
    picture = draw_picture(
        sample.objects(), sample.person.wall, sample.stream('picture')
    )
    return encode_picture(picture, '.jpg')
