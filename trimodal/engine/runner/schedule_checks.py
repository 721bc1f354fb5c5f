"""What is known of the schedules before a training begins."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.runner import IterBasedTrainLoop, Runner

from trimodal.utils.config import ConfigError, type_name

# By the kind's first letters: a number that must be positive, and why.
_POSITIVE = {
    'Cosine': ('T_max', 'it is how long the cosine falls'),
    'Linear': ('start_factor', 'what begins with 0 cannot be multiplied up'),
    'Constant': ('factor', 'what has become 0 cannot be multiplied back'),
}
PLATEAU, _ONE_CYCLE = 'ReduceOnPlateau', 'OneCycle'


def prepare_schedules(runner: Runner, trial: bool = False) -> None:
    """Give schedules their end, and look for what would come late or never.

    In a training by iterations one that counts epochs, and is converted, lasts
    as long as the training unless it says when it ends: mmengine takes the
    whole training for one epoch. One that would begin after the end is told
    of in the log.

    Args:
        runner (Runner): With its loops built, and its schedules not yet.
        trial (bool): Whether the training is cut short on purpose. Defaults
            to False.

    Raises:
        ConfigError: If a schedule would fail, or never do anything.
    """
    for key, item in schedules_of(runner.param_schedulers):
        kind = kind_of(item)
        name = f'{key} ({kind})'
        _check_values(name, kind, item)
        if kind.startswith(PLATEAU):
            _check_plateau(name, item, runner)
            continue
        length, unit = _length(runner.train_loop, item)
        begin = item.get('begin', 0)
        if begin >= length:
            item.setdefault('end', begin + 1)
            if not trial:
                runner.logger.warning(
                    f'{name}: begin={begin} is past the end of the training, '
                    f'{_told(length)} {unit}: it will do nothing; set begin '
                    'to less, train longer, or leave it out'
                )
        item.setdefault('end', length)
        if kind.startswith(_ONE_CYCLE):
            _check_cycle(name, item, length, unit)


def schedules_of(
    item: Any, key: str = 'param_scheduler'
) -> Iterator[tuple[str, Any]]:
    """Each schedule of one, a list, or of several optimizers.

    Args:
        item (Any): The config's ``param_scheduler``.
        key (str): Where it stands. Defaults to ``'param_scheduler'``.

    Yields:
        tuple[str, Any]: Its key and its config; those that are built are left
        out.
    """
    if isinstance(item, list | tuple):
        for index, value in enumerate(item):
            yield from schedules_of(value, f'{key}[{index}]')
    elif isinstance(item, Mapping) and 'type' in item:
        yield key, item
    elif isinstance(item, Mapping):
        for name, value in item.items():
            yield from schedules_of(value, f'{key}.{name}')


def kind_of(item: Mapping[str, Any]) -> str:
    """The name of a schedule's class, without its scope.

    Args:
        item (Mapping[str, Any]): Its config.

    Returns:
        str: The name.
    """
    return type_name(item['type'])


def _length(loop: Any, item: Mapping[str, Any]) -> tuple[int | Fraction, str]:
    """How long the training is in what the schedule counts."""
    if not item.get('by_epoch', True):
        return loop.max_iters, 'iterations'
    if isinstance(loop, IterBasedTrainLoop):
        # mmengine multiplies it by the number of batches: the very end.
        return Fraction(loop.max_iters, len(loop.dataloader)), 'epochs'
    return loop.max_epochs, 'epochs'


def _told(length: int | Fraction) -> str:
    return f'{float(length):.4g}'


def _check_values(name: str, kind: str, item: Mapping[str, Any]) -> None:
    """What becomes a division by zero, or is taken for something else."""
    for begins, (key, why) in _POSITIVE.items():
        value = item.get(key)
        if kind.startswith(begins) and value is not None and value <= 0:
            raise ConfigError(
                f'{name}: {key}={value}: must be more than 0, {why}; set '
                'such a value or leave it out'
            )


def _check_cycle(
    name: str, item: Mapping[str, Any], length: int | Fraction, unit: str
) -> None:
    """Its last step is known; mmengine fails at the one after it."""
    total = item.get('total_steps')
    begin = item.get('begin', 0)
    steps = min(length, item['end']) - begin
    if total is None or steps <= total:
        return
    raise ConfigError(
        f'{name}: total_steps={total} and it runs for {_told(steps)} {unit}; '
        f'leave total_steps out, or set end={begin + total}: then the rate '
        'stays what it is'
    )


def _check_plateau(name: str, item: Mapping[str, Any], runner: Runner) -> None:
    """It moves with the validations."""
    if runner.val_loop is None:
        raise ConfigError(
            f'{name}: it waits for the metrics of a validation, and there is '
            'none; set val_cfg, val_dataloader and val_evaluator, or take '
            'another schedule'
        )
    monitor = item.get('monitor', 'loss')
    # A loop of a plugin may measure in its own way.
    prefixes = _prefixes(getattr(runner.val_loop, 'evaluator', None))
    if prefixes and not monitor.startswith(tuple(prefixes)):
        raise ConfigError(
            f'{name}: monitor={monitor!r} is no metric of the validation: '
            f'their names begin with {" or ".join(prefixes[:-1])}'
        )


def _prefixes(evaluator: Any) -> list[str]:
    """What names of metrics begin with; nothing if that cannot be known."""
    metrics = evaluator.metrics if type(evaluator) is Evaluator else []
    usual = all(
        metric.prefix and type(metric).evaluate is BaseMetric.evaluate
        for metric in metrics
    )
    found = [f'{m.prefix}/' for m in metrics] if usual else []
    # The last one is that of losses, which a model may give.
    return [*dict.fromkeys(found), 'val/'] if found else []
