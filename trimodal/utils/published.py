"""Files of weights whose name says what they hold: ``name-1a2b3c4d.pth``.

The eight digits are the first of the file's SHA-256, as torch.hub has them
and :mod:`trimodal.apis.publishing` writes them.
"""

import hashlib
import logging
import os
import re
from pathlib import Path

from mmengine.logging import print_log

from trimodal.utils.saving import BrokenFileError

_DIGITS = 8
_NAME = re.compile(rf'(.)-([0-9a-f]{{{_DIGITS}}})\.(pth|safetensors)$')


def rename_published(path: Path) -> Path:
    """Put the first digits of a file's SHA-256 into its name.

    Args:
        path (Path): The file.

    Returns:
        Path: Its new place.
    """
    named = path.with_name(f'{path.stem}-{_digits(path)}{path.suffix}')
    os.replace(path, named)
    return named


def is_published(path: str | Path) -> bool:
    """Whether a file has such a name.

    Args:
        path (str | Path): The file. Eight decimal digits may be a count, as
            in ``iter-00000010.pth``, unless there is one before them.

    Returns:
        bool: Whether.
    """
    name = _NAME.search(str(path))
    if name is None:
        return False
    return name[1].isdecimal() or not name[2].isdecimal()


def check_published(path: str | Path) -> None:
    """Compare weights of ours, without a checksum inside, with their name.

    Args:
        path (str | Path): The file. Of a name that may be a day's or a count,
            such as ``a-20240131.safetensors``, it is only told in the log.

    Raises:
        BrokenFileError: If they differ.
    """
    name = _NAME.search(str(path))
    if name is None:
        return
    found = _digits(path)
    if found == name[2]:
        return
    differ = f'its SHA-256 begins with {found}, not with {name[2]} as its name'
    if not name[2].isdecimal():
        raise BrokenFileError(
            f'{path} is broken: {differ} says; fetch it anew, or rename it if '
            'the end of its name is no checksum'
        )
    print_log(
        f'{path}: {differ} would say if that is no count and no day',
        logger='current',
        level=logging.WARNING,
    )


def _digits(path: str | Path) -> str:
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()[:_DIGITS]
