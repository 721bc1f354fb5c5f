"""From the config's key ``compile`` to the hook that compiles."""

from mmengine.config import Config, ConfigDict

from trimodal.utils.config import ConfigError


def use_compile(config: Config) -> None:
    """Let ``CompileHook`` do what ``compile`` asks for.

    Args:
        config (Config): A whole config; changed in place: mmengine's runner
            would compile the whole training step.

    Raises:
        ConfigError: If ``compile`` is neither a bool nor a dict.
    """
    wanted = config.get('compile')
    if wanted is None or wanted is False:
        return
    if wanted is not True and not isinstance(wanted, dict):
        raise ConfigError(
            'compile must be True, False or a dict of CompileHook(...), got '
            f'{wanted!r}'
        )
    options = {} if wanted is True else wanted
    hook = ConfigDict({**options, 'type': 'CompileHook'})
    config.custom_hooks = [*(config.get('custom_hooks') or []), hook]
    config.compile = False
