"""Keys of a config that mmengine would pass over in silence."""

import inspect
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher, get_close_matches
from itertools import combinations
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dist import init_dist

from trimodal.engine.runner.building import MMENGINE_HOOKS
from trimodal.registry import HOOKS
from trimodal.utils.config import ConfigError, did_you_mean, unread_keys
from trimodal.utils.config_values import check_flag, check_known

_PARTS_OF_STAGE = ('dataloader', 'cfg', 'evaluator')
_STAGES = {'val': 'validation', 'test': 'a test'}
_ENVIRONMENT = ('cudnn_benchmark', 'dist_cfg', 'mp_cfg', 'resource_limit')
_SCALING = ('base_batch_size', 'enable')


def check_keys(config: Config) -> None:
    """Look for misspelt keys that nothing reads, and for halves of things.

    Args:
        config (Config): Of a training, ready to be built.

    Raises:
        ConfigError: If there is a key that mmengine certainly ignores, a
            hook without type or with a switch that is neither True nor
            False, or a part of a validation or test.
    """
    check_stages(config)
    environment = config.get('env_cfg') or {}
    check_known('env_cfg', environment, _ENVIRONMENT)
    distributed = environment.get('dist_cfg') or {}
    check_known('env_cfg.dist_cfg', distributed, _names_of_process_groups())
    scaling = config.get('auto_scale_lr') or {}
    check_known('auto_scale_lr', scaling, _SCALING)
    for key, hook in _hooks(config):
        _check_hook(config, key, hook)


def check_stages(config: Config) -> None:
    """Look whether validation and test are there as a whole or not at all.

    Args:
        config (Config): A whole config.

    Raises:
        ConfigError: If one is there in part.
    """
    for stage, name in _STAGES.items():
        keys = [f'{stage}_{part}' for part in _PARTS_OF_STAGE]
        there = [key for key in keys if config.get(key) is not None]
        missing = [key for key in keys if key not in there]
        if there and missing:
            raise ConfigError(
                f'{" and ".join(there)} without {" and ".join(missing)}: set '
                f'all three, or, for no {name.removeprefix("a ")}, all three '
                'to None'
            )


def doubts_about(config: Config) -> list[str]:
    """What is allowed and hardly meant.

    Args:
        config (Config): Of a training.

    Returns:
        list[str]: A line for each.
    """
    found = [
        f"nothing reads the config's {key!r}; did you mean {near}? (If it is "
        'a variable of your own, let its name begin with _ )'
        for key, near in unread_keys(config).items()
    ]
    hooks = config.get('default_hooks') or {}
    for one, other in combinations(hooks, 2):
        kind = _type_of(hooks[one])
        if not kind or kind != _type_of(hooks[other]):
            continue
        if SequenceMatcher(None, one, other).ratio() > 0.8:
            found.append(
                f'default_hooks.{one} and default_hooks.{other} are both a '
                f'{kind}: each does its work; did you mean one of them?'
            )
    return found


def _names_of_process_groups() -> list[str]:
    names = {'port'}  # of slurm
    for function in (init_dist, torch.distributed.init_process_group):
        names.update(inspect.signature(function).parameters)
    names -= {'launcher', 'kwargs'}
    return sorted(n for n in names if n[0] != '_')


def _hooks(config: Config) -> Iterator[tuple[str, Any]]:
    """Where each hook stands, and what is said of it."""
    for name, hook in (config.get('default_hooks') or {}).items():
        yield f'default_hooks.{name}', hook
    for index, hook in enumerate(config.get('custom_hooks') or ()):
        yield f'custom_hooks[{index}]', hook


def _check_hook(config: Config, key: str, hook: Any) -> None:
    _, _, name = key.partition('.')
    others = [n for n, h in (config.get('default_hooks') or {}).items() if h]
    if hook is None and name not in MMENGINE_HOOKS:
        # A name that is not near may be one of a base config.
        for near in get_close_matches(name, others, n=1, cutoff=0.82):
            raise ConfigError(
                f'{key}=None leaves no hook out; did you mean {near}?'
            )
    if not isinstance(hook, Mapping):
        return
    if 'type' not in hook:
        hint = did_you_mean(name, {*others} - {name}, most=1) if name else ''
        raise ConfigError(f'{key} has no type{hint}')
    kind: Any = hook['type']
    try:
        kind = HOOKS.get(kind) if isinstance(kind, str) else kind
    except KeyError:
        return  # said better where it is built
    for name, parameter in inspect.signature(kind).parameters.items():
        if name in hook and parameter.annotation in (bool, 'bool'):
            check_flag(f'{key}.{name}', hook[name])


def _type_of(hook: Any) -> str:
    if not isinstance(hook, Mapping):
        return ''
    kind = hook.get('type', '')
    return getattr(kind, '__name__', str(kind))
