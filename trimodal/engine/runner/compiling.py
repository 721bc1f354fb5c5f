"""From the config's key ``compile`` to the hook that compiles."""

import inspect
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config, ConfigDict

from trimodal.engine.hooks.compile_hook import CompileHook
from trimodal.utils.config import ConfigError
from trimodal.utils.config_values import check_known


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
    given = {k: v for k, v in options.items() if k != 'type'}
    check_known('compile', given, inspect.signature(CompileHook).parameters)
    try:
        CompileHook(**given)
    except ValueError as error:
        raise ConfigError(f'compile: {error}') from error
