"""What a user hands in, files or arrays, as media files to prepare."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch

Writer = Callable[[np.ndarray, float | None, Path], Path | None]
# What may stand in an input besides media.
PLAIN_KEYS = ('id', 'metadata')


def check_inputs(
    inputs: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    fields: Sequence[str],
) -> list[dict[str, Any]]:
    """Check inputs and give each an id of its own.

    Args:
        inputs (Mapping | Sequence[Mapping]): One or several. Each maps
            ``speech``, ``video``, ``gesture``, ``image`` or what else the
            preparers read to a file or an array; None is absent. ``id`` and
            ``metadata`` are optional.
        fields (Sequence[str]): The annotation fields that the preparers
            read, e.g. ``speech_path``.

    Returns:
        list[dict[str, Any]]: Copies without what is None.

    Raises:
        TypeError: If an input is no mapping.
        ValueError: If an input has an unknown key, or no media.
        FileNotFoundError: If a file does not exist.
    """
    several = [inputs] if isinstance(inputs, Mapping) else list(inputs)
    media = tuple(field.removesuffix('_path') for field in fields)
    known = (*media, *PLAIN_KEYS)
    checked: list[dict[str, Any]] = []
    taken: set[str] = set()
    for i, item in enumerate(several):
        if not isinstance(item, Mapping):
            raise TypeError(
                f'input {i} must be a dict such as {{{media[0]!r}: file}}, '
                f'got {type(item).__name__}'
            )
        given = {k: v for k, v in item.items() if v is not None}
        unknown = sorted(set(item) - set(known))
        if unknown or not set(given) & set(media):
            raise ValueError(
                f'input {i} must have one or more of {list(media)} (and may '
                f'have {list(PLAIN_KEYS)}), got {sorted(item)}'
            )
        for key in set(given) & set(media):
            _check_file(i, key, given[key])
        given['id'] = _unique(given.get('id') or _stem(given, media, i), taken)
        checked.append(given)
    return checked


def write_media(
    given: Mapping[str, Any],
    fields: Sequence[str],
    folder: Path,
    writers: Mapping[str, Writer] | None = None,
) -> dict[str, str]:
    """Write the arrays of an input to files; files stay where they are.

    Nothing is lost: sound as float or int16 WAV, pictures as PNG, frames
    as FFV1, the rest as NumPy files, unless a writer does it in its way.

    Args:
        given (Mapping[str, Any]): An input of :func:`check_inputs`.
        fields (Sequence[str]): The annotation fields that are read.
        folder (Path): Where to write.
        writers (Mapping[str, Writer] | None): ``Preparer.write`` of the
            preparer that reads a field. Defaults to None.

    Returns:
        dict[str, str]: Path by annotation field.

    Raises:
        ValueError: If it takes a rate to read an array, and there is none.
    """
    media = {}
    for field in fields:
        key = field.removesuffix('_path')
        if key not in given:
            continue
        value = given[key]
        if isinstance(value, str | Path):
            media[field] = str(Path(value).absolute())
        else:
            array, rate = array_and_rate(key, value)
            writer = (writers or {}).get(field)
            path = writer(array, rate, folder / key) if writer else None
            media[field] = str(path or _write(key, array, rate, folder))
    return media


def _check_file(index: int, key: str, value: Any) -> None:
    if isinstance(value, str | Path) and not Path(value).is_file():
        raise FileNotFoundError(f'input {index}: no file {value} ({key})')


def _stem(given: Mapping[str, Any], media: Sequence[str], index: int) -> str:
    files = (given.get(key) for key in media)
    stems = (Path(f).stem for f in files if isinstance(f, str | Path))
    return next(stems, f'sample_{index}')


def _unique(name: str, taken: set[str]) -> str:
    candidate, count = name, 1
    while candidate in taken:
        count += 1
        candidate = f'{name}_{count}'
    taken.add(candidate)
    return candidate


def array_and_rate(key: str, value: Any) -> tuple[np.ndarray, Any]:
    """An array that was handed in, and its rate if there is one."""
    rate = None
    if isinstance(value, tuple | list) and len(value) == 2:
        value, rate = value
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if not isinstance(value, np.ndarray):
        raise ValueError(
            f'{key} must be a file, an array, or (array, rate), got '
            f'{type(value).__name__}'
        )
    return value, rate


def _write(key: str, value: np.ndarray, rate: Any, folder: Path) -> Path:
    if value.dtype == np.uint8 and value.ndim == 3:
        return _write_picture(key, value, folder)
    if value.dtype == np.uint8 and value.ndim == 4:
        return _write_video(key, value, _needed(key, rate, 'frames'), folder)
    if value.ndim == 1 or (rate is not None and value.ndim == 2):
        return _write_sound(key, value, _needed(key, rate, 'samples'), folder)
    path = folder / f'{key}.npz'
    if rate is None:
        np.savez(path, landmarks=value)
    else:
        np.savez(path, landmarks=value, fps=np.asarray(rate))
    return path


def _needed(key: str, rate: Any, what: str) -> float:
    if rate is None:
        raise ValueError(
            f'{key} is an array of {what}: give (array, {what} a second)'
        )
    return float(rate)


def _write_picture(key: str, value: np.ndarray, folder: Path) -> Path:
    from PIL import Image

    path = folder / f'{key}.png'
    Image.fromarray(channels_last(key, value)).save(path)
    return path


def channels_last(key: str, value: np.ndarray) -> np.ndarray:
    """``[..., height, width, 3]`` of RGB, in either order of the axes."""
    if value.shape[-1] == 3:
        return np.ascontiguousarray(value)
    if value.shape[-3] == 3:
        return np.ascontiguousarray(np.moveaxis(value, -3, -1))
    raise ValueError(
        f'{key} must be RGB, uint8 [..., height, width, 3], got shape '
        f'{value.shape}'
    )


def _write_video(
    key: str, value: np.ndarray, rate: float, folder: Path
) -> Path:
    import av

    path = folder / f'{key}.mkv'
    frames = channels_last(key, value)
    with av.open(str(path), 'w') as container:
        speed = Fraction(rate).limit_denominator(1001)
        stream = container.add_stream('ffv1', rate=speed)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = 'bgr0'
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(frame, format='rgb24')
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def _write_sound(
    key: str, value: np.ndarray, rate: float, folder: Path
) -> Path:
    import soundfile

    path = folder / f'{key}.wav'
    if value.ndim == 2 and value.shape[0] < value.shape[1]:
        value = value.T  # channels first, as torchaudio gives them
    if value.dtype != np.int16:
        value = value.astype(np.float32)
    subtype = 'PCM_16' if value.dtype == np.int16 else 'FLOAT'
    soundfile.write(path, value, int(rate), subtype=subtype)
    return path
