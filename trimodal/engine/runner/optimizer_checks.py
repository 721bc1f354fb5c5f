"""Numbers of optimizers and clipping that would lead a training astray."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mmengine.config import Config
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from trimodal.utils.config import ConfigError
from trimodal.utils.config_values import (
    check_flag,
    check_known,
    check_no_text,
    check_number,
)

_CLIPPING: dict[str, Callable[..., Any]] = {
    'norm': clip_grad_norm_,
    'value': clip_grad_value_,
}
_EXAMPLES = "dict(max_norm=5.0) or dict(type='value', clip_value=1.0)"


def check_optimizers(config: Config) -> None:
    """Look at rates, weight decay and clipping of each optimizer.

    torch refuses some of them with a line that names no key, and takes
    others: a negative bound of gradients turns the descent into an ascent.

    Args:
        config (Config): Of a training, ready to be built.

    Raises:
        ConfigError: If a rate, a weight decay or a bound is no number that
            makes sense, or the clipping is of no kind that there is.
    """
    for key, wrapper in wrappers_of(config.optim_wrapper):
        optimizer = wrapper.get('optimizer')
        if isinstance(optimizer, Mapping):
            _check_optimizer(f'{key}.optimizer', optimizer)
        if wrapper.get('clip_grad'):
            _check_clipping(f'{key}.clip_grad', wrapper['clip_grad'])


def wrappers_of(wrapper: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The optimizer wrapper, or each of several.

    Args:
        wrapper (Any): The config's ``optim_wrapper``.

    Yields:
        tuple[str, Mapping[str, Any]]: Where it stands, and what it says.
    """
    yield 'optim_wrapper', wrapper
    for name, item in wrapper.items():
        if isinstance(item, Mapping) and 'optimizer' in item:
            yield f'optim_wrapper.{name}', item


def _check_optimizer(key: str, optimizer: Mapping[str, Any]) -> None:
    for name in ('lr', 'weight_decay'):
        if optimizer.get(name) is not None:
            check_number(f'{key}.{name}', optimizer[name])
    for name, value in optimizer.items():
        if name != 'type':
            check_no_text(f'{key}.{name}', value)


def _check_clipping(key: str, clipping: Any) -> None:
    if not isinstance(clipping, Mapping):
        raise ConfigError(
            f'{key}={clipping!r}: must be None or a dict such as {_EXAMPLES}'
        )
    kind = clipping.get('type', 'norm')
    if kind not in _CLIPPING:
        raise ConfigError(
            f"{key}.type={kind!r}: must be 'norm' or 'value', as in "
            f'{_EXAMPLES}'
        )
    bound = 'max_norm' if kind == 'norm' else 'clip_value'
    known = list(inspect.signature(_CLIPPING[kind]).parameters)[1:]
    given = [name for name in clipping if name != 'type']
    check_known(key, given, known, f'Clipping by {kind} takes')
    if bound not in clipping:
        raise ConfigError(f'{key} has no {bound}, as in {_EXAMPLES}')
    # An infinite norm only measures.
    check_number(f'{key}.{bound}', clipping[bound], True, kind == 'value')
    power = clipping.get('norm_type', 2.0)
    if power != 'inf':  # torch reads it
        check_number(f'{key}.norm_type', power, True, finite=False)
    for name in ('error_if_nonfinite', 'foreach'):
        if clipping.get(name) is not None:
            check_flag(f'{key}.{name}', clipping[name])
