"""The three public sources of TriDigits: what is in their folders."""

import gzip
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from trimodal.datasets.converters.files import ConversionError

DIGITS = range(10)
_CLIP = re.compile(r'(\d)_([A-Za-z][A-Za-z0-9-]*)_(\d+)\.wav')
_PHOTO = re.compile(r'IMG_(\d+)\.jpe?g', re.IGNORECASE)
_IDX_UBYTE = 0x08


@dataclass(frozen=True)
class Clip:
    """A spoken digit: one file of the Free Spoken Digit Dataset."""

    path: Path
    digit: int
    speaker: str
    index: int


@dataclass(frozen=True)
class Photo:
    """A signed digit: one file of the Sign Language Digits Dataset.

    ``number`` is that in the file's name, ``student`` counts from 0.
    """

    path: Path
    digit: int
    number: int
    student: int = -1


@dataclass(frozen=True)
class Pictures:
    """One of MNIST's two parts, ``'train'`` or ``'t10k'``.

    Args:
        part (str): Which one.
        pixels (numpy.ndarray): uint8 ``[N, 28, 28]``.
        digits (numpy.ndarray): int64 ``[N]``.
    """

    part: str
    pixels: np.ndarray
    digits: np.ndarray


def _folder(path: Path, option: str, *inside: str) -> Path:
    """The first of ``path/inside`` that exists, else ``path`` itself."""
    if not path.is_dir():
        raise ConversionError(
            f'{option}: {path} is not a folder. Give the folder of the '
            'source, or --download to fetch it.'
        )
    return next(
        (path / name for name in inside if (path / name).is_dir()), path
    )


def _refuse(option: str, folder: Path, names: list[str], form: str) -> None:
    if names:
        more = f' and {len(names) - 5} more' if len(names) > 5 else ''
        raise ConversionError(
            f'{option}: files in {folder} are not named {form}: '
            f'{", ".join(names[:5])}{more}'
        )


def read_clips(root: Path) -> list[Clip]:
    """List the recordings of the Free Spoken Digit Dataset.

    Args:
        root (Path): A clone of the repository, or its ``recordings``.

    Returns:
        list[Clip]: By speaker, digit and index.

    Raises:
        ConversionError: If the folder is missing, has no wav file, or has
            one that isn't named ``{digit}_{speaker}_{index}.wav``.
    """
    folder = _folder(root, '--fsdd', 'recordings')
    files = sorted(folder.glob('*.wav'))
    if not files:
        raise ConversionError(f'--fsdd: no wav file in {folder}')
    found = [(file, _CLIP.fullmatch(file.name)) for file in files]
    strange = [file.name for file, match in found if not match]
    _refuse('--fsdd', folder, strange, '{digit}_{speaker}_{index}.wav')
    clips = [
        Clip(file, int(match[1]), match[2], int(match[3]))
        for file, match in found
        if match
    ]
    return sorted(clips, key=lambda c: (c.speaker, c.digit, c.index))


def read_photos(root: Path) -> list[Photo]:
    """List the photos of the Sign Language Digits Dataset, with students.

    Args:
        root (Path): A clone of the repository, or its ``Dataset``.

    Returns:
        list[Photo]: By the number in the name.

    Raises:
        ConversionError: If a folder is missing or empty, a photo isn't
            named ``IMG_{number}.JPG``, or two have the same number.
    """
    folder = _folder(root, '--sign-digits', 'Dataset')
    photos: dict[int, Photo] = {}
    for digit in DIGITS:
        for photo in _photos_of_digit(folder / str(digit), digit):
            twin = photos.setdefault(photo.number, photo)
            if twin is not photo:
                raise ConversionError(
                    f'--sign-digits: {twin.path} and {photo.path} have the '
                    'same number, so their students are not known'
                )
    return assign_students([photos[n] for n in sorted(photos)])


def _photos_of_digit(folder: Path, digit: int) -> list[Photo]:
    if not folder.is_dir():
        raise ConversionError(f'--sign-digits: no folder {folder}')
    names = sorted(
        file.name
        for file in folder.iterdir()
        if file.suffix.lower() in ('.jpg', '.jpeg')
    )
    if not names:
        raise ConversionError(f'--sign-digits: no photo in {folder}')
    found = [(name, _PHOTO.fullmatch(name)) for name in names]
    strange = [name for name, match in found if not match]
    _refuse('--sign-digits', folder, strange, 'IMG_{number}.JPG')
    return [
        Photo(folder / name, digit, int(match[1]))
        for name, match in found
        if match
    ]


def assign_students(photos: list[Photo]) -> list[Photo]:
    """Tell from the order of the photos who is on them.

    The data set doesn't name its students, but each was photographed from
    digit 0 up to 9: a digit that is not larger than the one before starts
    the next *run*. A run of all ten digits is a student. Two incomplete
    runs next to each other are mostly one student with a sign repeated or
    out of turn (0 to 7, 9, then 8), so neighbouring incomplete runs count
    as one. This may join two people; it doesn't part one, which is what
    keeps splits by student honest.

    Args:
        photos (list[Photo]): By rising ``number``.

    Returns:
        list[Photo]: The same with ``student`` set.
    """
    students: list[list[Photo]] = []
    joinable = False
    for run in photo_runs(photos):
        complete = len(run) == len(DIGITS)
        if joinable and not complete:
            students[-1] += run
        else:
            students.append(run)
        joinable = not complete
    return [
        replace(photo, student=number)
        for number, student in enumerate(students)
        for photo in student
    ]


def photo_runs(photos: list[Photo]) -> list[list[Photo]]:
    """Cut photos, by rising number, where the digit doesn't rise."""
    runs: list[list[Photo]] = []
    previous = len(DIGITS)
    for photo in photos:
        if photo.digit <= previous:
            runs.append([])
        runs[-1].append(photo)
        previous = photo.digit
    return runs


def read_pictures(root: Path, part: str) -> Pictures:
    """Read one part of MNIST from its IDX files, gzipped or not.

    Args:
        root (Path): Their folder, or the ``root`` that
            ``torchvision.datasets.MNIST`` was given.
        part (str): ``'train'`` or ``'t10k'``.

    Returns:
        Pictures: The part.

    Raises:
        ConversionError: If a file is missing, damaged or of another kind.
    """
    folder = _folder(root, '--mnist', 'MNIST/raw', 'raw')
    pixels = _read_idx(folder, f'{part}-images-idx3-ubyte', 3)
    digits = _read_idx(folder, f'{part}-labels-idx1-ubyte', 1)
    if len(pixels) != len(digits) or not len(digits) or digits.max() > 9:
        raise ConversionError(
            f'--mnist: {part} in {folder} has {len(pixels)} pictures for '
            f'{len(digits)} digits'
        )
    return Pictures(part, pixels, digits.astype(np.int64))


def _read_idx(folder: Path, name: str, dims: int) -> np.ndarray:
    paths = [folder / f'{name}.gz', folder / name]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise ConversionError(f'--mnist: neither {name} nor .gz in {folder}')
    try:
        data = path.read_bytes()
        if path.suffix == '.gz':
            data = gzip.decompress(data)
        magic = np.frombuffer(data, '>i4', 1)[0]
        shape = np.frombuffer(data, '>i4', dims, offset=4)
        if magic != _IDX_UBYTE << 8 | dims:
            raise ValueError('wrong magic number')
        body = np.frombuffer(data, np.uint8, offset=4 + 4 * dims)
        return body.reshape(shape)
    except (ValueError, OSError, EOFError) as error:
        raise ConversionError(f'--mnist: {path}: {error}') from error
