"""From the config's key ``compile`` to the hook that compiles."""

import inspect
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config, ConfigDict

from trimodal.engine.hooks.compile_hook import CompileHook
from trimodal.utils.config import ConfigError, did_you_mean


def use_compile(config: Config) -> None:
    """Let ``CompileHook`` do what ``compile`` asks for.

    Args:
        config (Config): A whole config; changed in place: mmengine's runner
            would compile the whole training step.

    Raises:
        ConfigError: If ``compile`` is neither a bool nor a dict of what
            ``CompileHook`` takes.
    """
    wanted = config.get('compile')
    if wanted is None or wanted is False:
        return
    if wanted is not True and not isinstance(wanted, dict):
        raise ConfigError(
            f'compile={wanted!r}: must be True, False or a dict such as '
            "dict(backend='eager'); on the command line compile=True or "
            'compile.backend=eager'
        )
    options = {} if wanted is True else wanted
    _check(options)
    hook = ConfigDict({**options, 'type': 'CompileHook'})
    config.custom_hooks = [*(config.get('custom_hooks') or []), hook]
    config.compile = False


def _check(options: Mapping[str, Any]) -> None:
    """What the hook would say, under the key that the config has."""
    known = list(inspect.signature(CompileHook).parameters)
    for key in options:
        if key not in known and key != 'type':
            hint = did_you_mean(key, known, most=1) or '.'
            raise ConfigError(
                f'compile has an unknown {key!r}{hint} Known are '
                f'{", ".join(known)}'
            )
    try:
        CompileHook(**{k: v for k, v in options.items() if k != 'type'})
    except ValueError as error:
        raise ConfigError(f'compile: {error}') from error
