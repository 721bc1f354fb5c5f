"""The runner that a config asks for, mmengine's strategies included."""

import importlib.util
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.hooks import EMAHook
from mmengine.runner import FlexibleRunner, Runner

from trimodal.engine.hooks.swa_hook import SWAHook
from trimodal.registry import HOOKS, RUNNERS
from trimodal.utils.config import ConfigError

# What Runner reads and FlexibleRunner passes over in silence, and what says
# the same there.
_NOT_FLEXIBLE = {
    'activation_checkpointing': 'strategy.activation_checkpointing',
    'efficient_conv_bn_eval': '',
    'find_unused_parameters': 'strategy.model_wrapper.find_unused_parameters',
    'model_wrapper_cfg': 'strategy.model_wrapper',
    'sync_bn': 'strategy.sync_bn',
}
# Strategies that split what the others keep whole in every process.
_SHARDING = ('FSDPStrategy', 'DeepSpeedStrategy')
# Default hooks that mmengine has anyway.
MMENGINE_HOOKS = (
    'checkpoint',
    'logger',
    'param_scheduler',
    'runtime_info',
    'sampler_seed',
    'timer',
)
_DEEPSPEED_WRAPPER = {'type': 'DeepSpeedOptimWrapper'}


def build_runner(config: Config) -> Runner:
    """Build the runner that a config asks for.

    Args:
        config (Config): A whole config with ``work_dir``.

    Returns:
        Runner: mmengine's, or the config's ``runner_type``. A
        ``FlexibleRunner`` has its model built already, as ``Runner`` has.

    Raises:
        ConfigError: If keys of the config do not fit the runner or its
            strategy.
    """
    _check_static_graph(config)
    _drop_absent_hooks(config)
    kind = config.get('runner_type', 'Runner')
    if kind != 'FlexibleRunner':
        if config.get('strategy') is not None:
            raise ConfigError(
                f'strategy: {kind} has none; set '
                "runner_type='FlexibleRunner' as well"
            )
        built = RUNNERS.build(config) if 'runner_type' in config else None
        return built or Runner.from_cfg(config)
    _check_flexible(config)
    runner = FlexibleRunner.from_cfg(config)
    # What it forgets, and has properties for.
    runner._compile = config.get('compile', False)
    randomness = config.get('randomness') or {}
    runner._deterministic = randomness.get('deterministic', False)
    if not getattr(runner.strategy, 'skip_init_weights', False):
        runner.model = runner.strategy.build_model(runner.model)
    return runner


def _check_static_graph(config: Config) -> None:
    wrappers = [
        config.get('model_wrapper_cfg'),
        (config.get('strategy') or {}).get('model_wrapper'),
    ]
    static = any((w or {}).get('static_graph') for w in wrappers)
    steps = (config.get('optim_wrapper') or {}).get('accumulative_counts', 1)
    if static and steps > 1:
        raise ConfigError(
            f'optim_wrapper.accumulative_counts={steps} and static_graph: '
            'torch cannot do both; leave one out'
        )


def _check_flexible(config: Config) -> None:
    for key, instead in _NOT_FLEXIBLE.items():
        if config.get(key):
            way_out = f'; set {instead}' if instead else ''
            raise ConfigError(f'{key}: FlexibleRunner ignores it{way_out}')
    strategy = config.get('strategy') or {'type': 'DDPStrategy'}
    name = strategy['type']
    alone = config.get('launcher', 'none') == 'none'
    if config.get('strategy') and alone and name != 'SingleDeviceStrategy':
        raise ConfigError(
            f'strategy {name} is for several processes; start the run with '
            'tools/dist_train.sh, or leave strategy out'
        )
    if name in _SHARDING:
        _check_hooks(config, name)
    if name == 'FSDPStrategy':
        _set_fsdp(strategy)
    elif name == 'DeepSpeedStrategy':
        _set_deepspeed(config, strategy)
        _drop_absent_hooks(config)


def _check_hooks(config: Config, strategy: str) -> None:
    for hook in _hooks(config):
        kind = HOOKS.get(hook['type'])
        if isinstance(kind, type) and issubclass(kind, (EMAHook, SWAHook)):
            raise ConfigError(
                f'{hook["type"]} averages whole weights, and {strategy} gives '
                'each process a part of them; leave the hook out or train '
                'with DDP'
            )


def _set_fsdp(strategy: ConfigDict) -> None:
    """Checkpoints as everybody reads them; mmengine's default are parts."""
    if strategy.get('sync_bn') is not None:
        raise ConfigError(
            'strategy.sync_bn: FSDPStrategy ignores it; use DDPStrategy'
        )
    given = strategy.setdefault('state_dict_cfg', 'full')
    kind = given.get('state_dict_type') if isinstance(given, dict) else given
    if kind not in ('full', 'FULL_STATE_DICT'):
        raise ConfigError(
            f'strategy.state_dict_cfg={given!r}: such a checkpoint is a '
            'folder of parts that cannot be tested, exported or resumed '
            "here; use 'full'"
        )


def _set_deepspeed(config: Config, strategy: ConfigDict) -> None:
    if importlib.util.find_spec('deepspeed') is None:
        raise ConfigError(
            'strategy DeepSpeedStrategy needs the package deepspeed: '
            'pip install deepspeed'
        )
    # DeepSpeed's own default is to clip at 1 where nothing is said.
    strategy.setdefault('gradient_clipping', 0.0)
    strategy.setdefault('config', {'zero_allow_untested_optimizer': True})
    # DeepSpeed's optimizers cannot be watched; it finds overflows itself.
    hooks = config.get('default_hooks') or {}
    for name in [name for name in hooks if _is_nonfinite(hooks[name])]:
        hooks[name] = None
    wrapper = config.get('optim_wrapper') or _DEEPSPEED_WRAPPER
    if wrapper.get('type') != _DEEPSPEED_WRAPPER['type']:
        raise ConfigError(
            f'optim_wrapper.type={wrapper.get("type")!r}: DeepSpeedStrategy '
            "needs 'DeepSpeedOptimWrapper'"
        )
    if wrapper.get('clip_grad'):
        raise ConfigError(
            'optim_wrapper.clip_grad: DeepSpeed clips by itself; set '
            'strategy.gradient_clipping to the norm and clip_grad to None'
        )


def _is_nonfinite(hook: Any) -> bool:
    return bool(hook) and hook['type'] == 'NonFiniteHook'


def _hooks(config: Config) -> list[Any]:
    defaults = (config.get('default_hooks') or {}).values()
    return [*filter(None, defaults), *(config.get('custom_hooks') or [])]


def _drop_absent_hooks(config: Config) -> None:
    """Only the hooks that mmengine knows itself may be None there."""
    hooks = config.get('default_hooks') or {}
    for name in [name for name in hooks if hooks[name] is None]:
        if name not in MMENGINE_HOOKS:
            del hooks[name]
