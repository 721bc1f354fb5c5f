"""Reading config files; a mistake in one gives one clear line."""

import difflib
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.config import Config

# What Runner takes; asking its signature would import torch.
_RUNNER_KEYS = frozenset(
    [
        'auto_scale_lr',
        'cfg',
        'custom_hooks',
        'data_preprocessor',
        'default_hooks',
        'default_scope',
        'env_cfg',
        'experiment_name',
        'launcher',
        'load_from',
        'log_level',
        'log_processor',
        'model',
        'optim_wrapper',
        'param_scheduler',
        'randomness',
        'resume',
        'test_cfg',
        'test_dataloader',
        'test_evaluator',
        'train_cfg',
        'train_dataloader',
        'val_cfg',
        'val_dataloader',
        'val_evaluator',
        'visualizer',
        'work_dir',
    ]
)
# What mmengine and our tools read from the config besides.
_OTHER_KEYS = frozenset(
    [
        'activation_checkpointing',
        'compile',
        'custom_imports',
        'detect_anomaly',
        'efficient_conv_bn_eval',
        'find_unused_parameters',
        'model_wrapper_cfg',
        'runner_type',
        'strategy',
        'sync_bn',
        'tta_model',
        'tta_pipeline',
    ]
)


# Keys of mmcv's runner, before mmengine's, and what says the same now.
_FORMER_KEYS = {
    'checkpoint_config': 'default_hooks.checkpoint',
    'evaluation': 'train_cfg.val_interval and val_evaluator',
    'log_config': 'default_hooks.logger',
    'lr_config': 'param_scheduler',
    'optimizer_config': 'optim_wrapper',
    'resume_from': 'resume=True and load_from',
    'total_epochs': 'train_cfg.max_epochs',
}
# Variables of many configs whose names come near to keys.
_VARIABLES = frozenset(
    ['pipeline', 'test_pipeline', 'train_pipeline', 'val_pipeline']
)


class ConfigError(ValueError):
    """A mistake of the user; the message is one line that says what to do."""


class RunError(RuntimeError):
    """Why a run stopped; the message is one line that says what to do."""


@contextmanager
def one_line_errors(debug: bool = False) -> Iterator[None]:
    """End the program with one line on stderr, not with a traceback.

    Args:
        debug (bool): Show the traceback instead. Defaults to False.

    Raises:
        SystemExit: With a status of 1, or of 130 after Ctrl-C.
    """
    try:
        yield
    except (ConfigError, RunError) as error:
        if debug:
            raise
        sys.exit(f'error: {error}')
    except KeyboardInterrupt as error:
        if debug:
            raise
        print(f'\n{str(error) or "interrupted"}', file=sys.stderr)
        sys.exit(128 + signal.SIGINT)


def load_config(
    path: str, cfg_options: Mapping[str, Any] | None = None
) -> Config:
    """Read a config file and merge options into it.

    Args:
        path (str): Config file.
        cfg_options (Mapping[str, Any], optional): Dotted keys to values.
            Defaults to None.

    Returns:
        Config: The merged config.

    Raises:
        ConfigError: If the file is missing or wrong, or a key can't be set.
    """
    if not Path(path).is_file():
        raise ConfigError(f'config file {path} does not exist')
    try:
        config = Config.fromfile(path)
    except Exception as error:  # a config is a program: anything may happen
        raise ConfigError(f'{path}: {_described(error)}') from error
    for key, value in (cfg_options or {}).items():
        _merge(config, key, value)
    return config


def _below_none(config: Config, key: str, value: Any) -> tuple[str, Any]:
    """A key below one that is None means a dictionary in its place."""
    words = key.split('.')
    for count in range(1, len(words)):
        place = '.'.join(words[:count])
        if _at(config, place) is None:
            for word in reversed(words[count:]):
                value = {word: value}
            return place, value
    return key, value


def _at(config: Any, key: str) -> Any:
    """What stands under a dotted key; a dictionary if there is nothing."""
    for part in key.split('.'):
        try:
            config = config[int(part) if isinstance(config, list) else part]
        except (KeyError, IndexError, TypeError, ValueError):
            return {}
    return config


def type_name(kind: Any) -> str:
    """The name of a class, without its scope.

    Args:
        kind (Any): The class, or what a config's ``type`` calls it.

    Returns:
        str: The name.

    Examples:
        >>> from trimodal.utils.config import type_name
        >>> type_name('mmengine.EMAHook'), type_name(dict)
        ('EMAHook', 'dict')
    """
    return getattr(kind, '__name__', str(kind).rpartition('.')[2])


def did_you_mean(name: str, known: Iterable[str], most: int = 3) -> str:
    """End of a message about a name that nobody knows.

    Args:
        name (str): What was written.
        known (Iterable[str]): What could have been meant.
        most (int): How many to offer. Defaults to 3.

    Returns:
        str: A question, the nearest first; empty if nothing is near.
    """
    near = difflib.get_close_matches(name, list(known), n=most)
    return f'; did you mean {" or ".join(near)}?' if near else ''


def unread_keys(config: Mapping[str, Any]) -> dict[str, str]:
    """Keys of a config that nothing reads, and that are nearly ones.

    Args:
        config (Mapping[str, Any]): A whole config. Its own variables are no
            keys, and pass unless they look like one or were one.

    Returns:
        dict[str, str]: For each such key what is meant.
    """
    known = _RUNNER_KEYS | _OTHER_KEYS
    found = {}
    for key in config:
        if key in known or key in _VARIABLES or key.startswith('_'):
            continue
        near = [_FORMER_KEYS[key]] if key in _FORMER_KEYS else []
        near += difflib.get_close_matches(key, known, n=1, cutoff=0.8)
        # Letters that changed places, which the above finds far away.
        near += [k for k in known if sorted(k) == sorted(key)]
        if near:
            found[key] = near[0]
    return found


def _described(error: Exception) -> str:
    return ' '.join(f'{type(error).__name__}: {error}'.split())


def _merge(config: Config, key: str, value: Any) -> None:
    top = key.split('.')[0]
    known = _RUNNER_KEYS | _OTHER_KEYS | set(config)
    if top not in known:
        raise ConfigError(
            f'--cfg-options {key}: the config has no {top!r}'
            f'{did_you_mean(top, known)}'
        )
    place, item = _below_none(config, key, value)
    if isinstance(item, dict) and not isinstance(_at(config, place), dict):
        item = {**item, '_delete_': True}  # what is there is no dictionary
    try:
        config.merge_from_dict({place: item})
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ConfigError(
            f'--cfg-options {key}={value}: no such key in the config '
            f'({_described(error)[:200]})'
        ) from error
