"""What ``paramwise_cfg`` may say, for every constructor of optimizers."""

from collections.abc import Collection, Mapping
from typing import Any

from torch import nn

from trimodal.utils.config import ConfigError, did_you_mean
from trimodal.utils.config_values import (
    check_flag,
    check_known,
    check_number,
)

# What mmengine's constructor reads.
COMMON_KEYS = frozenset(
    [
        'bias_decay_mult',
        'bias_lr_mult',
        'bypass_duplicate',
        'custom_keys',
        'dcn_offset_lr_mult',
        'dwconv_decay_mult',
        'flat_decay_mult',
        'norm_decay_mult',
    ]
)
# What LearningRateDecayOptimWrapperConstructor reads besides.
LAYER_KEYS = frozenset(['bare_decay_mult', 'layer_decay_rate'])
# What an entry of custom_keys may hold besides options of the optimizer.
_FACTORS = ('lr_mult', 'decay_mult')
_LABELS = ('name', 'group_name')
_KEY = 'optim_wrapper.paramwise_cfg'


def check_paramwise(
    paramwise: Any, known: Collection[str], optimizer: Mapping[str, Any]
) -> None:
    """Look at what can be seen without a model.

    Args:
        paramwise (Any): The config's ``paramwise_cfg``.
        known (Collection[str]): Keys that the constructor reads.
        optimizer (Mapping[str, Any]): The config of the optimizer.

    Raises:
        ConfigError: If a key is unknown, a factor no number, or what a
            factor multiplies is not there.
    """
    if not isinstance(paramwise, Mapping):
        raise ConfigError(f'{_KEY}={paramwise!r}: must be a dict')
    for key in sorted(LAYER_KEYS.intersection(paramwise).difference(known)):
        raise ConfigError(
            f'{_KEY}.{key} needs optim_wrapper.constructor='
            "'LearningRateDecayOptimWrapperConstructor'"
        )
    check_known(_KEY, paramwise, sorted(known))
    given = {k: v for k, v in paramwise.items() if v is not None}
    custom = given.pop('custom_keys', {})
    if 'bypass_duplicate' in given:
        check_flag(f'{_KEY}.bypass_duplicate', given.pop('bypass_duplicate'))
    for key, value in given.items():
        _check_factor(f'{_KEY}.{key}', key, value, optimizer)
    if not isinstance(custom, Mapping):
        raise ConfigError(f'{_KEY}.custom_keys={custom!r}: must be a dict')
    for name, options in custom.items():
        where = f'{_KEY}.custom_keys[{name!r}]'
        if not isinstance(options, Mapping):
            raise ConfigError(
                f'{where}={options!r}: must be a dict such as '
                'dict(lr_mult=0.1, decay_mult=0.0)'
            )
        _check_factor(where, 'lr_mult', 1.0, optimizer)
        for key in _FACTORS:
            if key in options:
                inner = f'{where}.{key}'
                _check_factor(inner, key, options[key], optimizer)


def check_custom_names(paramwise: Mapping[str, Any], model: nn.Module) -> None:
    """Look whether every entry of ``custom_keys`` means a parameter.

    Args:
        paramwise (Mapping[str, Any]): The config's ``paramwise_cfg``.
        model (nn.Module): What is trained.

    Raises:
        ConfigError: If one means none.
    """
    named = model.named_parameters(remove_duplicate=False)
    names = [name for name, _ in named]
    for key in paramwise.get('custom_keys') or ():
        # mmengine puts a dot before the names of the model's own.
        if any(key in (n if '.' in n else f'.{n}') for n in names):
            continue
        firsts = {name.split('.')[0]: name for name in reversed(names)}
        some = ', '.join(list(firsts.values())[::-1][:4])
        hint = _end(key, _parts(names, key.count('.')))
        raise ConfigError(
            f'{_KEY}.custom_keys: no parameter has {key!r} in its name{hint} '
            f'Names are {some}, ...; what a base config says goes with '
            'custom_keys=dict(_delete_=True, ...)'
        )


def check_custom_options(
    paramwise: Mapping[str, Any], options: Collection[str]
) -> list[str]:
    """Look whether what entries of ``custom_keys`` hold is ever read.

    Args:
        paramwise (Mapping[str, Any]): The config's ``paramwise_cfg``.
        options (Collection[str]): What the optimizer reads of a group.

    Returns:
        list[str]: Warnings of what only a special optimizer would read.

    Raises:
        ConfigError: If something is misspelt.
    """
    known = [*_FACTORS, *options]
    doubtful = []
    for name, entry in (paramwise.get('custom_keys') or {}).items():
        for key in entry:
            if key in known or key in _LABELS:
                continue
            text = (
                f'{_KEY}.custom_keys[{name!r}] has an unknown {key!r}'
                f'{_end(key, known)} Known are {", ".join(_FACTORS)}, and of '
                f'the optimizer {", ".join(options)}'
            )
            if did_you_mean(key, known):
                raise ConfigError(text)
            doubtful.append(text)
    return doubtful


def _end(name: str, known: Collection[str]) -> str:
    return did_you_mean(name, known, most=1) or '.'


def _check_factor(
    where: str, key: str, value: Any, optimizer: Mapping[str, Any]
) -> None:
    """A factor, and what it multiplies."""
    check_number(where, value, above=key == 'layer_decay_rate')
    base = 'weight_decay' if key.endswith('decay_mult') else 'lr'
    if optimizer.get(base) is None:
        raise ConfigError(
            f'{where} is a factor on optim_wrapper.optimizer.{base}, which '
            'is not there; set it (a default of the optimizer does not count)'
        )


def _parts(names: Collection[str], dots: int) -> set[str]:
    """Parts of names with so many dots."""
    found = set()
    for name in names:
        words = name.split('.')
        for begin in range(len(words) - dots):
            found.add('.'.join(words[begin : begin + dots + 1]))
    return found
