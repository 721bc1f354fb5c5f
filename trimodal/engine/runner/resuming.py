"""Which checkpoint a run goes on from; a broken one is passed over."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

from mmengine.logging import print_log

from trimodal.utils.checkpoint import load_file
from trimodal.utils.config import ConfigError
from trimodal.utils.saving import BrokenFileError, check_file
from trimodal.utils.weights import is_safetensors

_NUMBER = re.compile(r'(\d+)\.pth$')
_PUBLISHED = re.compile(r'-[0-9a-f]{8}\.pth$')


def resumable_checkpoint(work_dir: str, resume: str) -> str | None:
    """Find the checkpoint that ``--resume`` means.

    Args:
        work_dir (str): The run's folder.
        resume (str): 'auto' and 'last' for the last one that is whole,
            'best' for the best one, else a file or URL. With 'auto' there
            need not be one.

    Returns:
        str | None: File or URL; None if there is nothing to go on from.

    Raises:
        ConfigError: If there should be one, or the one that is named is
            broken or holds weights only.
    """
    if resume == 'best':
        return _best(work_dir)
    if resume not in ('auto', 'last'):
        return _named(existing_checkpoint(resume))
    found = _last(Path(work_dir))
    if found is None and resume == 'last':
        raise ConfigError(f'--resume last: {work_dir} has no checkpoint')
    return None if found is None else str(found)


def existing_checkpoint(path: str) -> str:
    """Check that a checkpoint is there, unless it is a URL.

    Raises:
        ConfigError: If it is not.
    """
    if '://' in path or Path(path).is_file():
        return path
    if Path(path).is_dir():
        files = Path(path).iterdir()
        ends = ('.pth', '.safetensors')
        found = sorted(file.name for file in files if file.suffix in ends)
        names = ', '.join(found) or 'there is none'
        raise ConfigError(
            f'checkpoint {path} is a folder; name a file in it ({names})'
        )
    raise ConfigError(f'checkpoint {path} does not exist')


def _named(path: str) -> str:
    if is_safetensors(path):
        raise ConfigError(
            f'--resume {path}: it holds weights only; start from them with '
            '--cfg-options load_from=FILE'
        )
    if '://' not in path:
        try:
            check_file(path)
        except BrokenFileError as error:
            before = _first_whole(_before(Path(path)))
            hint = f'; {before} is the one before it' if before else ''
            raise ConfigError(f'--resume: {error}{hint}') from error
    return path


def _last(folder: Path) -> Path | None:
    """The last one that is whole; tells which were not."""
    pointer = folder / 'last_checkpoint'
    name = pointer.read_text('utf-8').strip() if pointer.is_file() else ''
    if not name:  # killed before it was written the first time
        return _first_whole(_numbered(folder))
    newest = Path(name)
    if not newest.exists():  # a work folder may have been moved since
        newest = folder / newest.name
    if newest.is_dir():  # of DeepSpeed
        return newest
    fault = f'{pointer} names {name}, which does not exist'
    if newest.exists():
        try:
            check_file(newest)
        except BrokenFileError as error:
            fault = str(error)
        else:
            return newest
    before = _first_whole(_before(newest))
    if before is None:
        raise ConfigError(
            f'--resume: {fault}, and there is none before it; name another '
            'with --resume CKPT'
        )
    _warn(f'{fault}. Going on from the one before it, {before}.')
    return before


def _before(path: Path) -> Iterator[Path]:
    """Those of a smaller number, the greatest first."""
    number = _NUMBER.search(path.name)
    for other in _numbered(path.parent):
        found = _NUMBER.search(other.name)
        if number and found and int(found[1]) < int(number[1]):
            yield other


def _numbered(folder: Path) -> list[Path]:
    """Checkpoints that can be resumed, that of the greatest number first."""
    found = [
        (int(number[1]), path)
        for path in folder.glob('*.pth')
        if (number := _NUMBER.search(path.name))
        and not path.name.startswith('best_')
        and not _PUBLISHED.search(path.name)
    ]
    return [path for _, path in sorted(found, reverse=True)]


def _first_whole(paths: Iterator[Path] | list[Path]) -> Path | None:
    for path in paths:
        try:
            check_file(path)
        except BrokenFileError as error:
            _warn(f'{error}. It is passed over.')
        else:
            return path
    return None


def _best(work_dir: str) -> str:
    """The whole checkpoint of the time at which the best one was saved."""
    last = _last(Path(work_dir))
    if last is None:
        raise ConfigError(f'--resume best: {work_dir} has no checkpoint')
    info = load_file(last, 'cpu')['message_hub']['runtime_info']
    names = [info[key] for key in sorted(info) if key.startswith('best_ckpt')]
    if not names:
        raise ConfigError(f'--resume best: {last} knows of no best one')
    best = Path(names[0]).name
    number = _NUMBER.search(best)
    for path in _numbered(Path(work_dir)):
        if number and path.name.endswith(f'_{number[0]}'):
            return _named(str(path))
    raise ConfigError(
        f'--resume best: {best} holds weights only, and the checkpoint of '
        'that time is not kept (max_keep_ckpts); start from the weights with '
        f'--cfg-options load_from={Path(work_dir, best)}'
    )


def _warn(text: str) -> None:
    print_log(text, logger='current', level=logging.WARNING)
