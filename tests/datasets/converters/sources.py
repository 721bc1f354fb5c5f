"""Tiny stand-ins of the public sources, in their layout."""

import gzip
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import soundfile

from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.converters.tridigits_annotations import WORDS
from trimodal.datasets.converters.tridigits_pairing import SPLITS
from trimodal.datasets.packed import PackedWriter

PREPARATION = {
    'modalities': {'speech': {'type': 'SpeechPreparer'}},
    'versions': {'trimodal': '0'},
}
SPEAKERS = ('anna', 'nicolas', 'yweweler')


def write_clips(
    root: Path,
    speakers: Sequence[str] = SPEAKERS,
    indices: Sequence[int] = (0, 1),
) -> None:
    folder = root / 'recordings'
    folder.mkdir(parents=True)
    rng = np.random.default_rng(1)
    for speaker in speakers:
        for digit in range(10):
            for index in indices:
                name = f'{digit}_{speaker}_{index}.wav'
                sound = rng.normal(0, 1000, 400).astype(np.int16)
                soundfile.write(folder / name, sound, 8000)


def write_photos(root: Path, students: int = 8) -> None:
    rng = np.random.default_rng(2)
    for student in range(students):
        for digit in range(10):
            folder = root / 'Dataset' / str(digit)
            folder.mkdir(parents=True, exist_ok=True)
            photo = rng.integers(0, 255, (10, 10, 3)).astype(np.uint8)
            photo = cv2.resize(photo, (100, 100))
            name = f'IMG_{1000 + 10 * student + digit}.JPG'
            cv2.imwrite(str(folder / name), photo)


def idx_bytes(array: np.ndarray) -> bytes:
    head = np.array([0x0800 | array.ndim, *array.shape], '>i4')
    return head.tobytes() + array.astype(np.uint8).tobytes()


def write_pictures(root: Path, train: int = 80, t10k: int = 20) -> None:
    root.mkdir(parents=True)
    rng = np.random.default_rng(3)
    for part, count in (('train', train), ('t10k', t10k)):
        pixels = rng.integers(0, 255, (count, 28, 28))
        for name, array in (
            ('images-idx3', pixels),
            ('labels-idx1', np.arange(count) % 10),
        ):
            data = gzip.compress(idx_bytes(array), mtime=0)
            (root / f'{part}-{name}-ubyte.gz').write_bytes(data)


def write_sources(root: Path) -> tuple[Path, Path, Path]:
    """All three; the arguments of ``convert_tridigits``."""
    write_clips(root / 'fsdd')
    write_photos(root / 'sign_digits')
    write_pictures(root / 'mnist')
    return root / 'fsdd', root / 'sign_digits', root / 'mnist'


def contents(root: Path) -> dict[str, bytes]:
    """Every file below ``root`` with what is in it."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob('*'))
        if path.is_file()
    }


def write_packed(root: Path, digits: Sequence[int] = range(10)) -> Path:
    """A prepared TriDigits: two people a split, their digits told apart."""
    streams: dict[str, dict] = {
        'speech': {'sample_rate': 8000},
        'gesture': {'fps': 15.0},
        'image': {'encoding': 'raw'},
    }
    metainfo = {'classes': list(WORDS), 'options': {'seed': 0}}
    for number, split in enumerate(SPLITS):
        path = root / f'{split}.h5'
        with PackedWriter(path, streams, metainfo, PREPARATION) as writer:
            for digit in [*digits, *digits]:
                annotation = SampleAnnotation(
                    id=f'{split}_{len(writer)}',
                    group=f'{split}_{len(writer) // 10}',
                    label=digit,
                    metadata={'student': number, 'photo': f'{digit}/x.JPG'},
                )
                arrays = {
                    'speech': {'data': np.full(9, digit, np.int16)},
                    'gesture': {
                        'data': np.full((2, 1, 21, 3), digit, np.float16),
                        'score': np.ones((2, 1), np.float16),
                    },
                }
                writer.append(annotation, arrays)
    return root
