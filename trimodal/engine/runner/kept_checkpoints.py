"""The checkpoints that a folder keeps, and whether they are whole."""

import logging
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from mmengine.logging import print_log

from trimodal.utils.checkpoint import peek_file
from trimodal.utils.published import is_published
from trimodal.utils.saving import BrokenFileError, check_file

_NUMBER = re.compile(r'(\d+)\.pth$')
# In the folders that DeepSpeed, and FSDP without a full state, make of one.
_SHARDS = ('*mp_rank_*.pt', 'rank0.pth')


def has_number(path: Path) -> bool:
    """Whether a checkpoint tells in its name when it was saved."""
    return _NUMBER.search(path.name) is not None


def numbered(folder: Path) -> list[Path]:
    """Those that can be resumed, that of the greatest number first.

    Args:
        folder (Path): Need not be there.

    Returns:
        list[Path]: Neither best ones nor published ones.
    """
    found = [
        (int(number[1]), path)
        for path in folder.glob('*.pth')
        if (number := _NUMBER.search(path.name))
        and not path.name.startswith('best_')
        and not is_published(path)
    ]
    return [path for _, path in sorted(found, reverse=True)]


def before(path: Path) -> Iterator[Path]:
    """Those beside a checkpoint of a smaller number, the greatest first."""
    number = _NUMBER.search(path.name)
    for other in numbered(path.parent):
        found = _NUMBER.search(other.name)
        if number and found and int(found[1]) < int(number[1]):
            yield other


def whole_one_of(best: Path) -> Path | None:
    """What was saved together with a ``best_*.pth``, if it is kept."""
    if best.name.startswith('best_'):
        for path in numbered(best.parent):
            if best.name.endswith(f'_{path.name}'):
                return path
    return None


def first_whole(paths: Iterable[Path]) -> Path | None:
    """The first one that is whole; warns of those before it."""
    for path in paths:
        try:
            check_checkpoint(path)
        except BrokenFileError as error:
            warn(f'{error}. It is passed over.')
        else:
            return path
    return None


def check_checkpoint(path: Path) -> None:
    """Find out whether a checkpoint is whole.

    Args:
        path (Path): File, or a folder as DeepSpeed makes it.

    Raises:
        BrokenFileError: If it is not, or is none.
        RefusedFileError: If it holds what could run code.
    """
    if path.is_dir():
        if not is_of_shards(path):
            raise BrokenFileError(f'{path} is a folder but no checkpoint')
        return
    try:
        check_file(path)
        peek_file(path)  # one of old torch has no checksum
    except OSError as error:
        reason = error.strerror or error
        raise BrokenFileError(f'{path} can not be read: {reason}') from error


def is_of_shards(folder: Path) -> bool:
    """Whether a folder is one checkpoint, in files of several processes."""
    return any(True for shard in _SHARDS for _ in folder.glob(shard))


def warn(text: str) -> None:
    """Into the log, if there is one already."""
    print_log(text, logger='current', level=logging.WARNING)
