"""Files of weights whose name says what they hold: ``name-1a2b3c4d.pth``.

The eight digits are the first of the file's SHA-256, as torch.hub has them
and :mod:`trimodal.apis.publishing` writes them.
"""

import hashlib
import os
import re
from pathlib import Path

from trimodal.utils.saving import BrokenFileError, has_checksum

_DIGITS = 8
_NAME = re.compile(rf'-([0-9a-f]{{{_DIGITS}}})\.(pth|safetensors)$')


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
    """Whether a file has such a name."""
    return _NAME.search(str(path)) is not None


def check_published(path: str | Path) -> None:
    """Compare a file with its name, if it has such a one.

    Args:
        path (str | Path): The file. If it ends in ``.pth`` and has no
            checksum inside, it is not ours, and its name is taken for a name.

    Raises:
        BrokenFileError: If they differ.
    """
    name = _NAME.search(str(path))
    if name is None or (name[2] == 'pth' and not has_checksum(path)):
        return
    found = _digits(path)
    if found != name[1]:
        raise BrokenFileError(
            f'{path} is broken: its SHA-256 begins with {found}, not with '
            f'{name[1]} as its name says; fetch it anew, or rename it if the '
            'end of its name is no checksum'
        )


def _digits(path: str | Path) -> str:
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()[:_DIGITS]
