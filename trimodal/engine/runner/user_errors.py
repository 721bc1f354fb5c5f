"""What a wrong config leads to, in one line that names its key."""

import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import FlexibleRunner, Runner

from trimodal.engine.runner.configuration import LOADERS
from trimodal.engine.runner.unknown_arguments import explain_unexpected
from trimodal.utils.config import ConfigError, RunError, type_name

# While building and starting these are the user's, wherever they are raised.
_BUILDING = (ValueError, TypeError, KeyError, OSError, ImportError)
# How mmengine answers a value that it cannot do with: what it raises itself.
_MMENGINE = (
    AssertionError,
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
    ZeroDivisionError,
)
# Where the parts stand that need no ``type``.
_UNTYPED = {
    'EpochBasedTrainLoop': 'train_cfg',
    'IterBasedTrainLoop': 'train_cfg',
    'ValLoop': 'val_cfg',
    'TestLoop': 'test_cfg',
    'OptimWrapper': 'optim_wrapper',
    'LogProcessor': 'log_processor',
}
# What the runner does for which key.
_BUILDERS = {
    'build_train_loop': 'train_cfg',
    'build_val_loop': 'val_cfg',
    'build_test_loop': 'test_cfg',
    'build_optim_wrapper': 'optim_wrapper',
    'build_param_scheduler': 'param_scheduler',
    'build_logger': 'log_level',
    'build_visualizer': 'visualizer',
    'load_or_resume': 'load_from',
    'register_custom_hooks': 'custom_hooks',
    'register_default_hooks': 'default_hooks',
    'scale_lr': 'auto_scale_lr',
    'set_randomness': 'randomness',
    'setup_env': 'env_cfg',
}


class _Begun(Hook):
    """Knows whether batches are being trained or validated on."""

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.begun = False

    def before_train(self, runner: Runner) -> None:
        """All others are ready."""
        self.begun = True

    def before_val_epoch(self, runner: Runner) -> None:
        """Of a resumed run's first validation."""
        self.begun = True


@contextmanager
def starting(runner: Runner, debug: bool = False) -> Iterator[None]:
    """Around a training: :func:`user_errors` until it has begun.

    From then on only what mmengine itself raises in a part that the config
    names is the user's; everything else keeps its traceback.

    Args:
        runner (Runner): What trains inside.
        debug (bool): Let every error pass. Defaults to False.

    Raises:
        ConfigError: In place of an error that a wrong config leads to.
    """
    hook = _Begun()
    runner.register_hook(hook)
    with user_errors(runner.cfg, debug, lambda: hook.begun):
        yield


@contextmanager
def user_errors(
    config: Any,
    debug: bool = False,
    begun: Callable[[], bool] = lambda: False,
) -> Iterator[None]:
    """What fails while building is, nearly always, a wrong config.

    An ``AssertionError`` of ours is none: it keeps its traceback.

    Args:
        config (Config): The config; errors name the key in it.
        debug (bool): Let every error pass. Defaults to False.
        begun (Callable[[], bool]): Whether building is over. Defaults to one
            that says no.

    Raises:
        ConfigError: In place of such an error.
    """
    try:
        yield
    except (ConfigError, RunError):
        raise
    except (*_BUILDING, *_MMENGINE) as error:
        first = _first_of(error)
        frames = _frames_of(error, first)
        theirs = isinstance(error, _MMENGINE) and _is_mmengine(frames[-1])
        if begun():
            key = _key_of(config, _last_of_mmengine(frames))
            is_users = theirs and key is not None
        else:
            key = _key_of(config, frames)
            is_users = theirs or isinstance(error, _BUILDING)
        if debug or not is_users:
            raise
        raise ConfigError(_line(key, first, frames[-1])) from error


def _first_of(error: Exception) -> Exception:
    """``Runner.call_hook`` raises what a hook's call has raised anew."""
    inner = error.__context__
    anew = error.__suppress_context__ and isinstance(error, TypeError)
    if anew and isinstance(inner, TypeError) and str(inner) in str(error):
        return inner
    return error


def _frames_of(*errors: Exception) -> list[FrameType]:
    """Of each error, the innermost last."""
    found: list[FrameType] = []
    for error in errors:
        tail = traceback.walk_tb(error.__traceback__)
        found += [frame for frame, _ in tail if frame not in found]
    return found


def _line(key: str | None, error: Exception, frame: FrameType) -> str:
    """What the user reads; the text may tell of the key as well."""
    found = explain_unexpected(error, frame)
    if found is None:
        text = _text(error)
    else:
        name, text = found
        key = key or _BUILDERS.get(name) or _UNTYPED.get(name)
    return f'{key}: {text}' if key else text


def _text(error: Exception) -> str:
    """One line, and where it was raised."""
    *_, last = traceback.extract_tb(error.__traceback__)
    text = str(error)
    if isinstance(error, KeyError) and error.args:
        text = str(error.args[0])
        if ' ' not in text:  # the key alone
            text = f'there is no {text!r}'
    if not text:
        text = f'it must be that {(last.line or "").removeprefix("assert ")}'
    where = f'{Path(last.filename).name}:{last.lineno}'
    return f'{" ".join(text.split())} ({where})'


def _is_mmengine(frame: FrameType) -> bool:
    return frame.f_globals.get('__name__', '').split('.')[0] == 'mmengine'


def _last_of_mmengine(frames: Sequence[FrameType]) -> list[FrameType]:
    """The innermost ones, up to who called mmengine."""
    found: list[FrameType] = []
    for frame in reversed(frames):
        if not _is_mmengine(frame):
            break
        found.insert(0, frame)
    return found


def _key_of(config: Any, frames: Sequence[FrameType]) -> str | None:
    """Where the innermost part that the config names stands in it."""
    index: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    for key, kind, item in _typed(config, ''):
        index[kind].append((key, item))
    items = [frame.f_locals.get('cfg') for frame in frames]
    for frame in reversed(frames):
        name = _part_of(frame)
        if name in index:
            keys = [key for key, _ in index[name]]
            # Which of several is seen where it is being built.
            same = [
                key
                for key, found in index[name]
                if any(_equal(found, item) for item in items)
            ]
            return f'{" or ".join((same or keys)[:3])} ({name})'
        untyped = _untyped(config, frame)
        if untyped is not None:
            return untyped
    return None


def _part_of(frame: FrameType) -> str:
    """The type of what is being built, or of what is at work."""
    item = frame.f_locals.get('cfg')
    if isinstance(item, dict) and 'type' in item:
        return type_name(item['type'])
    return type(frame.f_locals.get('self')).__name__


def _untyped(config: Any, frame: FrameType) -> str | None:
    """The key of a part that needs no type, or of what the runner does."""
    name, part = frame.f_code.co_name, frame.f_locals.get('self')
    if name == 'build_dataloader':
        loader = frame.f_locals.get('dataloader')
        keys = [k for k in LOADERS if _equal(config.get(k), loader)]
        return ' or '.join(keys) or 'a dataloader'
    if isinstance(part, Runner | FlexibleRunner):
        return _BUILDERS.get(name)
    kinds = [kind.__name__ for kind in type(part).__mro__]
    return next((_UNTYPED[kind] for kind in kinds if kind in _UNTYPED), None)


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except (ValueError, RuntimeError):  # arrays and tensors in them
        return False


def _typed(item: Any, key: str) -> Iterator[tuple[str, str, Any]]:
    """Key, name and content of each part below an item of a config."""
    if isinstance(item, list | tuple):
        for index, value in enumerate(item):
            yield from _typed(value, f'{key}[{index}]')
    elif hasattr(item, 'items'):
        if key and 'type' in item:
            yield key, type_name(item['type']), item
        for name, value in item.items():
            yield from _typed(value, f'{key}.{name}' if key else str(name))
