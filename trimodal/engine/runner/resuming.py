"""Which checkpoint a run goes on from; a broken one is passed over."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from trimodal.engine.runner.kept_checkpoints import (
    before,
    check_checkpoint,
    first_whole,
    has_number,
    is_of_shards,
    numbered,
    warn,
    whole_one_of,
)
from trimodal.utils.checkpoint import peek_file
from trimodal.utils.config import ConfigError
from trimodal.utils.saving import BrokenFileError
from trimodal.utils.weights import is_safetensors

_STATES = ('meta', 'message_hub', 'state_dict', 'optimizer')


def resumable_checkpoint(
    work_dir: str, resume: str, schedules: bool = False
) -> str | None:
    """Find the checkpoint that ``--resume`` means.

    A broken one is passed over. One that holds what could run code is not:
    it was not damaged by chance, and the run ends with a line that says so.

    Args:
        work_dir (str): The run's folder.
        resume (str): 'auto' and 'last' for the last one that is whole,
            'best' for the best one, else a file or URL. With 'auto' there
            need not be one.
        schedules (bool): Whether the run has schedules, so that it needs
            their state. Defaults to False.

    Returns:
        str | None: File or URL; None if there is nothing to go on from.

    Raises:
        ConfigError: If there should be one, or the one that is named is
            broken, or the one that is found lacks what a run needs to go on.
        RefusedFileError: If it holds what could run code.
    """
    if resume == 'best':
        found: Path | None = _best(work_dir)
    elif resume in ('auto', 'last'):
        found = _last(Path(work_dir))
        if found is None and resume == 'last':
            raise ConfigError(f'--resume last: {work_dir} has no checkpoint')
    elif '://' in resume:
        return resume  # looked at when it is there
    else:
        found = _named(existing_checkpoint(resume))
    if found is None:
        return None
    if found.is_file():
        check_states(peek_file(found), str(found), schedules)
    return str(found)


def check_states(content: Any, path: str, schedules: bool) -> None:
    """Find out whether a run can go on from what a checkpoint holds.

    mmengine begins anew whatever is not there: optimizer and schedules.

    Args:
        content (Any): What it holds.
        path (str): Its file or URL.
        schedules (bool): Whether the run has schedules.

    Raises:
        ConfigError: If it lacks something.
    """
    needed = (*_STATES, 'param_schedulers') if schedules else _STATES
    held = content if isinstance(content, Mapping) else {}
    lacking = [name for name in needed if name not in held]
    if not lacking:
        return
    ways = [f'start from its weights with --cfg-options load_from={path}']
    settings = ''
    if 'meta' in held:
        settings = ' (CheckpointHook: save_optimizer, save_param_scheduler)'
    if Path(path).name.startswith('best_'):
        settings = ''
        ways.insert(0, '--resume best goes on from the whole one, if kept')
        whole = whole_one_of(Path(path))
        if whole is not None:
            ways.insert(0, f'the whole one of that time is {whole}')
    raise ConfigError(
        f'--resume: {path} lacks {", ".join(lacking)}{settings}, so that no '
        f'run can go on from it; {"; ".join(ways)}'
    )


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


def _named(path: str) -> Path:
    if is_safetensors(path):
        raise ConfigError(
            f'--resume {path}: it holds weights only; start from them with '
            '--cfg-options load_from=FILE'
        )
    try:
        check_checkpoint(Path(path))
    except BrokenFileError as error:
        other = first_whole(before(Path(path)))
        hint = f'; {other} is the one before it' if other else ''
        raise ConfigError(f'--resume: {error}{hint}') from error
    return Path(path)


def _last(folder: Path) -> Path | None:
    """The last one that is whole; tells which were not."""
    pointer = folder / 'last_checkpoint'
    if not pointer.is_file():  # killed before it was written the first time
        return first_whole(numbered(folder))
    newest, fault = _pointed_at(pointer)
    if not fault:
        return newest
    which, other = 'the newest that is whole', 'that is whole'
    others: Iterable[Path] = numbered(folder)
    if newest is not None and has_number(newest):
        # Those of a greater number may be of another run.
        which, other = 'the one before it', 'before it'
        others = before(newest)
    found = first_whole(path for path in others if path != newest)
    if found is None:
        raise ConfigError(
            f'--resume: {fault}, and there is none {other}; name another '
            'with --resume CKPT'
        )
    warn(f'{fault}. Going on from {which}, {found}.')
    return found


def _pointed_at(pointer: Path) -> tuple[Path | None, str]:
    """What ``last_checkpoint`` names, if anything, and what is wrong."""
    try:
        name = pointer.read_text('utf-8').strip()
    except UnicodeDecodeError:
        name = '\0'
    if not name or '\0' in name:
        what = 'holds no text' if name else 'is empty'
        return None, f'{pointer} is broken: it {what}'
    newest = Path(name)
    if not os.path.exists(newest):  # a work folder may have been moved since
        newest = pointer.parent / newest.name
    named = f'{pointer} names {" ".join(name.split())[:300]}, which'
    if not os.path.exists(newest):
        return newest, f'{named} does not exist'
    if newest.is_dir() and not is_of_shards(newest):
        return newest, f'{named} is a folder but no checkpoint'
    try:
        check_checkpoint(newest)
    except BrokenFileError as error:
        return newest, str(error)
    return newest, ''


def _best(work_dir: str) -> Path:
    """The whole checkpoint of the time at which the best one was saved."""
    last = _last(Path(work_dir))
    if last is None:
        raise ConfigError(f'--resume best: {work_dir} has no checkpoint')
    if last.is_dir():
        raise ConfigError(
            f'--resume best: {last} is a folder of several processes, which '
            'does not tell the best one'
        )
    content = peek_file(last)
    check_states(content, str(last), schedules=False)
    info = content['message_hub'].get('runtime_info', {})
    names = [info[key] for key in sorted(info) if key.startswith('best_ckpt')]
    if not names:
        raise ConfigError(f'--resume best: {last} knows of no best one')
    best = Path(work_dir, Path(names[0]).name)
    whole = whole_one_of(best)
    if whole is not None:
        return _named(str(whole))
    raise ConfigError(
        f'--resume best: {best.name} holds weights only, and the checkpoint '
        'of that time is not kept (max_keep_ckpts); start from the weights '
        f'with --cfg-options load_from={best}'
    )
