"""Tiny media files and annotation files for the tests."""

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
from PIL import Image

DATA = Path(__file__).resolve().parents[2] / 'data'
HAND = DATA / 'right_hand.jpg'
VIDEO_CODECS = {
    '.mp4': 'mpeg4',
    '.mov': 'mpeg4',
    '.avi': 'mpeg4',
    '.webm': 'libvpx',
}


def tone(
    seconds: float = 0.5, rate: int = 16000, hertz: float = 440.0
) -> np.ndarray:
    """A sine of amplitude 0.5, float32."""
    time = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def write_sound(
    path: Path, waveform: np.ndarray | None = None, rate: int = 16000
) -> Path:
    """Write a waveform ``[N]`` or ``[N, channels]``, by default a tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    waveform = tone(rate=rate) if waveform is None else waveform
    soundfile.write(path, waveform, rate)
    return path


def write_video(
    path: Path,
    frames: Sequence[np.ndarray],
    milliseconds: Sequence[int] | None = None,
    fps: int = 30,
    rotation: int = 0,
    sound: np.ndarray | None = None,
) -> Path:
    """Encode frames uint8 ``[H, W, 3]``, at given times or a fixed rate."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(VIDEO_CODECS[path.suffix], rate=fps)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = 'yuv420p'
        stream.bit_rate = 4_000_000
        base = Fraction(1, fps)
        if milliseconds is not None:
            base = stream.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            stream.set_display_rotation(rotation)
        audio = None
        if sound is not None:
            audio = container.add_stream('aac', rate=16000, layout='mono')
        for index, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(image, format='rgb24')
            frame.pts = index if milliseconds is None else milliseconds[index]
            frame.time_base = base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if audio is not None:
            _write_track(container, audio, sound)
    return path


def _write_track(container: Any, audio: Any, sound: np.ndarray) -> None:
    frame = av.AudioFrame.from_ndarray(sound[None], 'fltp', 'mono')
    frame.sample_rate = 16000
    frame.pts = 0
    container.mux(audio.encode(frame))
    container.mux(audio.encode())


def write_image(
    path: Path,
    size: tuple[int, int] = (40, 30),
    orientation: int | None = None,
) -> Path:
    """Write a picture of (width, height), red but for its left half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[..., 0] = 250
    pixels[:, : size[0] // 2] = (10, 200, 30)
    image = Image.fromarray(pixels)
    exif = image.getexif()
    if orientation is not None:
        exif[0x0112] = orientation
    image.save(path, exif=exif, quality=95)
    return path


def hand_frames(count: int, size: int = 256) -> list[np.ndarray]:
    """The photo of a hand in a border of half its size, shifting slowly."""
    photo = np.asarray(Image.open(HAND).convert('RGB'))
    photo = np.pad(photo, ((50, 50), (50, 50), (0, 0)), 'edge')
    frame = np.asarray(Image.fromarray(photo).resize((size, size)))
    return [np.roll(frame, step, axis=1) for step in range(count)]


def write_annotations(
    folder: Path,
    samples: Sequence[Any],
    metainfo: dict[str, Any] | None = None,
) -> Path:
    """Write ``annotations.json`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {'metainfo': metainfo or {}, 'samples': list(samples)}
    path = folder / 'annotations.json'
    path.write_text(json.dumps(content), encoding='utf-8')
    return path


def make_split(
    folder: Path, count: int, prefix: str = 's'
) -> list[dict[str, Any]]:
    """A split of sounds and pictures, each a little different."""
    samples = []
    for index in range(count):
        name = f'{prefix}{index:02d}'
        sound = tone(0.1 + 0.01 * index, hertz=300 + 20 * index)
        write_sound(folder / f'speech/{name}.wav', sound)
        write_image(folder / f'images/{name}.png', (40 + index, 30))
        samples.append(
            {
                'id': name,
                'label': index % 2,
                'speech_path': f'speech/{name}.wav',
                'image_path': f'images/{name}.png',
            }
        )
    write_annotations(folder, samples, {'classes': ['no', 'yes']})
    return samples


#: Preparers that need no model, for the tests of a whole run.
FAST = {
    'speech': {'type': 'SpeechPreparer', 'target_sample_rate': 8000},
    'image': {'type': 'ImagePreparer', 'target_size': (16, 16)},
}
