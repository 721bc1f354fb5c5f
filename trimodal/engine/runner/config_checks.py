"""Numbers that mmengine would stumble over late, or pass over in silence."""

from typing import Any

from mmengine.config import Config
from mmengine.hooks import EMAHook
from mmengine.runner import Runner

from trimodal.engine.runner.key_checks import doubts_about
from trimodal.engine.runner.optimizer_checks import wrappers_of
from trimodal.engine.runner.schedule_checks import (
    PLATEAU,
    kind_of,
    schedules_of,
)
from trimodal.utils.config import ConfigError

_NO_VALIDATION = (
    '; to train without validation set val_cfg, val_dataloader and '
    'val_evaluator to None'
)
_DYNAMIC = 'train_cfg.dynamic_intervals'


def check_numbers(config: Config) -> None:
    """Look at what counts in a config: epochs, intervals, schedules.

    Args:
        config (Config): Of a training, ready to be built.

    Raises:
        ConfigError: If a count is no whole number or too small, or a schedule
            counts epochs where there are none.
    """
    train = config.train_cfg
    for name in ('max_epochs', 'max_iters'):
        _check(f'train_cfg.{name}', train.get(name), 1)
    epochs, by_epoch = train.get('max_epochs'), train.get('by_epoch')
    if epochs is not None and 'type' not in train and not by_epoch:
        raise ConfigError(
            f'train_cfg has max_epochs={epochs} and by_epoch={by_epoch}: set '
            'by_epoch=True, or max_iters to train by iterations'
        )
    if config.get('val_cfg') is not None:
        interval = train.get('val_interval')
        _check('train_cfg.val_interval', interval, 1, _NO_VALIDATION)
        _check('train_cfg.val_begin', train.get('val_begin'), 0)
        _check_dynamic(train.get('dynamic_intervals'))
    window = (config.get('log_processor') or {}).get('window_size')
    _check('log_processor.window_size', window, 1)
    for key, wrapper in wrappers_of(config.optim_wrapper):
        steps = wrapper.get('accumulative_counts')
        _check(f'{key}.accumulative_counts', steps, 1)
    if train.get('max_iters') is not None:
        _check_schedules(config.get('param_scheduler'))


def check_parts(runner: Runner) -> None:
    """Look at what can only be seen when the loop is built.

    What is allowed and hardly meant is told of in the log.

    Args:
        runner (Runner): Before its training.

    Raises:
        ConfigError: If an average would begin after the end.
    """
    for hook in runner.hooks:
        if isinstance(hook, EMAHook):
            _check_begin(runner, hook)
    for doubt in doubts_about(runner.cfg):
        runner.logger.warning(doubt)


def _check(key: str, value: Any, least: int, way_out: str = '') -> None:
    """None is what is not said; 2.0 is whole."""
    if value is None:
        return
    whole = isinstance(value, int | float) and value == value // 1
    if not whole or value < least:
        raise ConfigError(
            f'{key}={value!r}: must be a whole number, at least {least}'
            f'{way_out}'
        )


def _check_dynamic(pairs: Any) -> None:
    if pairs is None:
        return
    form = f'{_DYNAMIC}={pairs!r}: must be a list of pairs (from, interval)'
    if not isinstance(pairs, list | tuple) or not all(
        isinstance(pair, tuple) and len(pair) == 2 for pair in pairs
    ):
        raise ConfigError(form)
    for index, (begin, interval) in enumerate(pairs):
        _check(f'{_DYNAMIC}[{index}][0]', begin, 0)
        _check(f'{_DYNAMIC}[{index}][1]', interval, 1)
    if list(pairs) != sorted(pairs, key=lambda pair: pair[0]):
        raise ConfigError(f'{form} in the order of the first numbers')


def _check_schedules(schedules: Any) -> None:
    """A loop by iterations is one epoch: what counts epochs never moves."""
    for key, item in schedules_of(schedules):
        counts = item.get('by_epoch', True)
        moves = item.get('convert_to_iter_based')
        # That one moves with each validation.
        if counts and not (moves or kind_of(item).startswith(PLATEAU)):
            raise ConfigError(
                f'{key} ({kind_of(item)}) counts epochs, and training '
                'goes by iterations (train_cfg.max_iters): it would never '
                'move; set by_epoch=False, and its begin and end in '
                'iterations, or convert_to_iter_based=True'
            )


def _check_begin(runner: Runner, hook: EMAHook) -> None:
    """As mmengine's hook does; it says so with an assertion."""
    unit = 'epoch' if hook.enabled_by_epoch else 'iter'
    begin = getattr(hook, f'begin_{unit}')
    limit = getattr(runner, f'max_{unit}s')
    name = type(hook).__name__
    _check(f'{name}: begin_{unit}', begin, 0)
    if begin <= limit:
        return
    if unit == 'epoch' and not _goes_by_epochs(runner):
        raise ConfigError(
            f'{name}: begin_epoch={begin}, and training goes by iterations; '
            f'set begin_iter, at most {runner.max_iters}'
        )
    longer = 'epochs' if unit == 'epoch' else 'iterations'
    raise ConfigError(
        f'{name}: begin_{unit}={begin} is after the last of {limit} {longer}; '
        f'set it to {limit} at most, train longer, or leave the hook out'
    )


def _goes_by_epochs(runner: Runner) -> bool:
    return 'max_epochs' in runner.cfg.train_cfg
