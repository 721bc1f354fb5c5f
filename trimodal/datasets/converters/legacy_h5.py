"""The older layout, one HDF5 data set per sample, to packed files.

A split was ``{split}_features.h5`` with a data set per sample under
``/speech``, ``/gesture`` and ``/image``, named after the sample's id (or its
place in the annotations, counted from 0), and ``{split}_annotations.json``,
like today's ``annotations.json`` or only its list of samples.
"""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from trimodal.datasets.annotations import AnnotationFile, load_annotations
from trimodal.datasets.packed import PackedWriter

SUFFIX = '_features.h5'
HANDS = ('left', 'right')
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class LegacyOptions:
    """What the older files do not say.

    Args:
        sample_rate (int): Of the waveforms. Defaults to 16000.
        fps (float): Of the landmarks. Defaults to 30.0.
        hand (str): ``'left'`` or ``'right'``: whose landmarks they are where
            a sample holds those of one hand only. Defaults to 'right'.

    Raises:
        ValueError: If one of them is out of range.
    """

    sample_rate: int = 16000
    fps: float = 30.0
    hand: str = 'right'

    def __post_init__(self) -> None:
        if self.sample_rate <= 0 or self.fps <= 0:
            raise ValueError(
                'sample_rate and fps must be above 0, got '
                f'{self.sample_rate} and {self.fps}'
            )
        if self.hand not in HANDS:
            raise ValueError(f'hand must be in {HANDS}, got {self.hand!r}')


def convert_legacy_h5(
    source: Path, out: Path, options: LegacyOptions | None = None
) -> dict[str, int]:
    """Convert every split in a folder.

    Args:
        source (Path): Folder with ``{split}_features.h5`` and
            ``{split}_annotations.json``.
        out (Path): Folder for ``{split}.h5``.
        options (LegacyOptions | None): None for their defaults. Defaults to
            None.

    Returns:
        dict[str, int]: Number of samples of each split.

    Raises:
        ValueError: If there is no split, an annotation is at fault, or an
            array is not what it should be; the message names it.
    """
    options = options or LegacyOptions()
    features = sorted(source.glob(f'*{SUFFIX}'))
    if not features:
        raise ValueError(f'no {{split}}{SUFFIX} in {source}')
    counts = {}
    for path in features:
        split = path.name.removesuffix(SUFFIX)
        file = _load_annotations(source / f'{split}_annotations.json')
        _convert_split(path, file, out / f'{split}.h5', options)
        counts[split] = len(file.samples)
    return counts


def _load_annotations(path: Path) -> AnnotationFile:
    """Read the annotations; the media they name need not exist any more."""
    if path.is_file() and path.read_text('utf-8').lstrip()[:1] == '[':
        samples = json.loads(path.read_text('utf-8'))
        with tempfile.TemporaryDirectory() as folder:
            wrapped = Path(folder) / path.name
            wrapped.write_text(json.dumps({'samples': samples}), 'utf-8')
            return load_annotations(wrapped, check_media=False)[0]
    return load_annotations(path, check_media=False)[0]


def _convert_split(
    path: Path, annotations: AnnotationFile, out: Path, options: LegacyOptions
) -> None:
    streams: dict[str, dict[str, Any]] = {
        'speech': {'sample_rate': options.sample_rate},
        'gesture': {'fps': float(options.fps)},
        'image': {'encoding': 'raw'},
    }
    converters: dict[str, Callable[[np.ndarray], Arrays | None]] = {
        'speech': speech_arrays,
        'gesture': partial(gesture_arrays, hand=HANDS.index(options.hand)),
        'image': image_arrays,
    }
    preparation = {'converter': 'legacy_h5', 'source': path.name}
    with h5py.File(path, 'r') as file:
        streams = {name: streams[name] for name in streams if name in file}
        ids = [sample.id for sample in annotations.samples]
        names = {name: _data_set_names(file[name], ids) for name in streams}
        with PackedWriter(
            out, streams, annotations.metainfo, preparation
        ) as writer:
            for i, sample in enumerate(annotations.samples):
                arrays = {
                    name: _convert(file[name], names[name][i], convert)
                    for name, convert in converters.items()
                    if name in streams
                }
                writer.append(sample, arrays)


def _data_set_names(group: h5py.Group, ids: Sequence[str]) -> Sequence[str]:
    """How the data sets of the samples are called: by id or by place."""
    places = [str(i) for i in range(len(ids))]
    for names in (ids, places):
        if any(name in group for name in names):
            return names
    if not len(group):
        return ids
    raise ValueError(
        f'{group.file.filename}: no data set under {group.name} is named '
        f'after a sample; they are called {[*group][:3]}, the samples '
        f'{list(ids[:3])}'
    )


def _convert(
    group: Mapping[str, Any],
    name: str,
    convert: Callable[[np.ndarray], Arrays | None],
) -> Arrays | None:
    if name not in group:
        return None
    data_set = group[name]
    try:
        return convert(data_set[()])
    except ValueError as error:
        raise ValueError(
            f'{data_set.file.filename}: {data_set.name}: {error}'
        ) from error


def speech_arrays(wave: np.ndarray) -> Arrays:
    """Int16 samples from int16, or from floats in [-1, 1].

    Args:
        wave (np.ndarray): ``[N]``, or with axes of length 1 besides.

    Returns:
        dict[str, np.ndarray]: ``data`` int16 ``[N]``.

    Raises:
        ValueError: If it is no waveform.
    """
    wave = np.atleast_1d(wave.squeeze())
    if wave.ndim != 1:
        raise ValueError(
            f'no waveform, but shape {wave.shape}; features cannot be turned '
            'back into one: prepare the audio files instead'
        )
    if wave.dtype == np.int16:
        return {'data': wave}
    # A little above full scale is a resampler's overshoot.
    if wave.dtype.kind != 'f' or not (np.abs(wave) < 2).all():
        raise ValueError(
            f'{wave.dtype} samples must be int16, or floats in [-1, 1]'
        )
    return {'data': np.clip(np.rint(wave * 32768), -32768, 32767).astype('i2')}


def gesture_arrays(landmarks: np.ndarray, hand: int = 1) -> Arrays | None:
    """Landmarks of two hands, NaN where the older layout had zeros.

    Args:
        landmarks (np.ndarray): ``[T, 2, 21, 3]``, the same with axes joined
            (``[T, 42, 3]``, ``[T, 126]``), or half of that for one hand.
        hand (int): Slot of a single hand. Defaults to 1.

    Returns:
        dict[str, np.ndarray] | None: ``data`` float16 ``[T, 2, 21, 3]`` and
        ``valid`` bool ``[T, 2]``; None if no hand is seen in any frame.

    Raises:
        ValueError: If the shape is none of these.
    """
    size = int(np.prod(landmarks.shape[1:]))
    if landmarks.dtype.kind != 'f' or size not in (63, 126):
        raise ValueError(
            f'{landmarks.dtype} {landmarks.shape} should be floats of shape '
            '[T, 2, 21, 3]'
        )
    data = np.full((len(landmarks), 2, 21, 3), np.nan, np.float16)
    slots = slice(None) if size == 126 else slice(hand, hand + 1)
    data[:, slots] = landmarks.reshape(len(landmarks), -1, 21, 3)
    valid = np.isfinite(data).all((2, 3)) & (data != 0).any((2, 3))
    if not valid.any():
        return None
    data[~valid] = np.nan
    return {'data': data, 'valid': valid}


def image_arrays(image: np.ndarray) -> Arrays:
    """RGB bytes.

    Args:
        image (np.ndarray): uint8, or floats in [0, 1]; ``[H, W, 3]``, ``[3,
            H, W]`` or, for grey, ``[H, W]``.

    Returns:
        dict[str, np.ndarray]: ``data`` uint8 ``[H, W, 3]``.

    Raises:
        ValueError: If it is none of these.
    """
    if image.ndim == 2:
        image = image[..., None].repeat(3, axis=2)
    if image.ndim == 3 and image.shape[0] == 3 != image.shape[2]:
        image = image.transpose(1, 2, 0)
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f'shape {image.shape} should be [H, W, 3]')
    if image.dtype.kind == 'f' and ((image >= 0) & (image <= 1)).all():
        image = np.rint(image * 255).astype(np.uint8)
    if image.dtype != np.uint8:
        raise ValueError(
            f'{image.dtype} pixels must be uint8, or floats in [0, 1]'
        )
    return {'data': np.ascontiguousarray(image)}
