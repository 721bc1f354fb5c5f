"""Learning rate and momentum of every group of parameters."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from mmengine.hooks import Hook
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from torch import nn
from torch.optim import Optimizer

from trimodal.engine.hooks.monitoring import check_interval, log_scalars
from trimodal.engine.hooks.schedules import unwrapped
from trimodal.registry import HOOKS

Group = dict[str, Any]
# What may differ between groups that stand in one curve: nothing of these.
SETTINGS = ('lr', 'initial_lr', 'weight_decay')


@HOOKS.register_module()
class LearningRateMonitorHook(Hook):
    """Logs ``lr/<group>`` and ``momentum/<group>``.

    ``paramwise_cfg`` makes a group of each parameter. Those with equal
    settings share a curve, named after the module that they have in common
    (``encoders.speech``), else ``group0``, ``group1``, ... in the order of
    the optimizer. At the start of the training the log says what each has.
    Without this hook mmengine logs the first group's rate only.

    The loggers get the scalars, the log's lines do not.

    Args:
        interval (int): Iterations between two measurements. Defaults to 10.
        log_momentum (bool): Whether to log the momentum, beta1 of Adam.
            Defaults to True.
        log_weight_decay (bool): Whether to log ``weight_decay/<group>``.
            Defaults to False.

    Raises:
        ValueError: If ``interval`` is below 1.
    """

    def __init__(
        self,
        interval: int = 10,
        log_momentum: bool = True,
        log_weight_decay: bool = False,
    ) -> None:
        check_interval(interval)
        self.interval = interval
        self.log_momentum = log_momentum
        self.log_weight_decay = log_weight_decay
        self._groups: dict[str, Group] = {}

    def before_train(self, runner: Runner) -> None:
        """Name the groups, and tell what is in them."""
        self._groups = {}
        model = unwrapped(runner)
        for prefix, optimizer in _optimizers(runner):
            for name, groups in named_groups(optimizer, model).items():
                self._groups[prefix + name] = groups[0]
                count = sum(p.numel() for g in groups for p in g['params'])
                values = self._values(groups[0], with_decay=True)
                told = ', '.join(f'{k} {v:.4g}' for k, v in values.items())
                runner.logger.info(
                    f'parameter group {prefix}{name}: {count:,} parameters, '
                    f'{told}'
                )

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict | None = None,
    ) -> None:
        """Log what this iteration's step was made with."""
        if self.every_n_train_iters(runner, self.interval):
            scalars = {
                f'{key}/{name}': value
                for name, group in self._groups.items()
                for key, value in self._values(group).items()
            }
            log_scalars(runner, scalars)

    def _values(
        self, group: Group, with_decay: bool = False
    ) -> dict[str, float]:
        values = {'lr': float(group['lr'])}
        momentum = group.get('betas', (group.get('momentum'),))[0]
        if self.log_momentum and momentum is not None:
            values['momentum'] = float(momentum)
        if 'weight_decay' in group and (with_decay or self.log_weight_decay):
            values['weight_decay'] = float(group['weight_decay'])
        return values


def named_groups(
    optimizer: Optimizer, model: nn.Module
) -> dict[str, list[Group]]:
    """The groups of an optimizer by names that say what is in them.

    Args:
        optimizer (Optimizer): The optimizer.
        model (nn.Module): What its parameters are of.

    Returns:
        dict[str, list[dict]]: Groups with equal settings together, in the
        order of the optimizer.
    """
    alike: dict[tuple, list[Group]] = {}
    for group in optimizer.param_groups:
        named = group.get('group_name', group.get('name'))
        settings = [float(group.get(key, 0)) for key in SETTINGS]
        momentum = group.get('betas', group.get('momentum'))
        alike.setdefault((named, *settings, momentum), []).append(group)
    if len(alike) == 1:
        return {'all': list(optimizer.param_groups)}
    known = {id(p): name for name, p in model.named_parameters()}
    names = [
        str(key[0]) if key[0] is not None else _common_module(groups, known)
        for key, groups in alike.items()
    ]
    return {
        name if name and names.count(name) == 1 else f'group{i}': groups
        for i, (name, groups) in enumerate(
            zip(names, alike.values(), strict=True)
        )
    }


def _common_module(groups: list[Group], known: dict[int, str]) -> str:
    """The largest module of nothing else, or the smallest with all of it."""
    inside = {
        known.get(id(parameter), '')
        for group in groups
        for parameter in group['params']
    }
    # A parameter's own name is no module.
    paths = [name.split('.')[:-1] for name in inside]
    parts = zip(*paths, strict=False)
    shared = [p[0] for p in takewhile(lambda p: len(set(p)) == 1, parts)]
    modules = ['.'.join(shared[:end]) for end in range(1, len(shared) + 1)]
    for module in modules:
        of_module = {n for n in known.values() if n.startswith(f'{module}.')}
        if of_module <= inside:
            return module
    return modules[-1] if modules else ''


def _optimizers(runner: Runner) -> Iterator[tuple[str, Optimizer]]:
    wrapper = runner.optim_wrapper
    if isinstance(wrapper, OptimWrapperDict):
        for name, item in wrapper.items():
            yield f'{name}.', item.optimizer
    else:
        yield '', wrapper.optimizer
