"""Fetching the public sources of the converters."""

import os
import shutil
import subprocess
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from trimodal.datasets.converters.files import ConversionError, write_file

FSDD_URL = 'https://github.com/Jakobovski/free-spoken-digit-dataset.git'
SIGN_DIGITS_URL = (
    'https://github.com/ardamavi/Sign-Language-Digits-Dataset.git'
)


def fetch_file(url: str, path: Path, timeout: float = 60.0) -> None:
    """Fetch one small file, unless it is there.

    Args:
        url (str): Its address: http, https, ftp or file.
        path (Path): Where to; has its name only once complete.
        timeout (float): Seconds to wait for an answer. Defaults to 60.0.

    Raises:
        ConversionError: If it can't be fetched; says why.
    """
    if path.is_file():
        return
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            data = answer.read()
    except (OSError, ValueError) as error:
        raise ConversionError(f'could not fetch {url}: {error}') from error
    write_file(path, data)


def fetch_repository(url: str, folder: Path) -> None:
    """Clone a git repository, without its history, unless it is there.

    Args:
        url (str): What ``git clone`` takes.
        folder (Path): The clone; has its name only once complete.

    Raises:
        ConversionError: If git is missing or fails; says what git said.
    """
    if folder.is_dir() and any(folder.iterdir()):
        return
    partial = folder.with_name(f'.{folder.name}.{os.getpid()}.part')
    partial.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(partial, ignore_errors=True)
    command = ['git', 'clone', '--depth', '1', url, str(partial)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise ConversionError('--download needs git, not found') from error
    except subprocess.CalledProcessError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise ConversionError(
            f'git could not clone {url}: {error.stderr.strip()}'
        ) from error
    if folder.is_dir():
        folder.rmdir()
    partial.replace(folder)


def fetch_mnist(
    root: Path,
    mirrors: Sequence[str] = (),
    resources: Sequence[tuple[str, str]] = (),
) -> None:
    """Fetch MNIST's files into ``root/MNIST/raw`` through torchvision.

    Args:
        root (Path): Folder of the source.
        mirrors (Sequence[str]): Addresses tried in turn, each ending in
            ``/``. Defaults to torchvision's.
        resources (Sequence[tuple[str, str]]): File names and MD5 sums.
            Defaults to torchvision's.

    Raises:
        ConversionError: If no mirror has the files, or not these.
    """
    from torchvision.datasets import MNIST  # slow to import

    class Source(MNIST):
        @property
        def raw_folder(self) -> str:
            return str(root / 'MNIST' / 'raw')

    if mirrors:
        Source.mirrors = list(mirrors)
    if resources:
        Source.resources = list(resources)
    if any(root.glob('*-ubyte*')):
        return
    try:
        Source(str(root), download=True)
    except (RuntimeError, OSError) as error:
        raise ConversionError(
            f'MNIST could not be fetched: {error}'
        ) from error
