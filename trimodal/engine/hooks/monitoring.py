"""What the hooks that only watch a training have in common."""

from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from torch import Tensor, nn

from trimodal.engine.hooks.wrapping import wrap_method
from trimodal.utils.config import ConfigError


def check_interval(interval: int) -> None:
    """Raise unless ``interval`` is positive.

    Raises:
        ValueError: If it is not.
    """
    if interval < 1:
        raise ValueError(f'interval must be at least 1, got {interval}')


def log_scalars(runner: Runner, scalars: Mapping[str, float]) -> None:
    """Hand scalars of an iteration to the loggers, not to the log's lines.

    They carry the iteration and the epoch as those of ``LoggerHook`` do, so
    that what reads ``scalars.json`` finds them at their place.

    Args:
        runner (Runner): In ``after_train_iter``.
        scalars (Mapping[str, float]): Values by name.
    """
    step = runner.iter + 1
    where = {'iter': step}
    if runner.log_processor.by_epoch:
        where['epoch'] = runner.epoch + 1
    runner.visualizer.add_scalars({**scalars, **where}, step=step)


class StepMonitor(Hook, metaclass=ABCMeta):
    """Looks at gradients right before an optimizer's step, every so often.

    That is after the gradients of all accumulated batches are summed and
    averaged over the processes, and before they are clipped. What is measured
    stays on the device until the iteration is over: nothing waits for it.

    Args:
        interval (int): Iterations between two looks. With gradients that are
            accumulated it is the next step that is looked at.

    Raises:
        ValueError: If ``interval`` is below 1.
    """

    def __init__(self, interval: int) -> None:
        check_interval(interval)
        self.interval = interval
        self.due = False
        self._measured: Any = None
        self._step_aside: Callable[[], None] | None = None

    def before_train(self, runner: Runner) -> None:
        """Stand before the step of the optimizer.

        Raises:
            ValueError: If there is more than one optimizer.
        """
        wrapper = runner.optim_wrapper
        if isinstance(wrapper, OptimWrapperDict):
            raise ConfigError(
                f'{type(self).__name__} needs a single optimizer, got '
                f'{type(wrapper).__name__}'
            )
        self.due = False
        look = partial(self._look, runner)
        self._step_aside = wrap_method(wrapper, 'step', look)

    def after_train(self, runner: Runner) -> None:
        """Step aside."""
        if self._step_aside is not None:
            self._step_aside()
            self._step_aside = None

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """See whether it is time."""
        if self.every_n_train_iters(runner, self.interval):
            self.due = True

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict | None = None,
    ) -> None:
        """Log what was measured, if this iteration made a step."""
        if self._measured is not None:
            scalars = self.scalars(self._measured)
            self._measured, self.due = None, False
            log_scalars(runner, scalars)

    def _look(
        self,
        runner: Runner,
        step: Callable[..., None],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if self.due:
            self._measured = self.measure(runner)
        step(*args, **kwargs)

    @abstractmethod
    def measure(self, runner: Runner) -> Any:
        """Measure, without waiting for the device.

        Args:
            runner (Runner): Its gradients are those of the step.

        Returns:
            Any: What :meth:`scalars` is given, not None.
        """

    @abstractmethod
    def scalars(self, measured: Any) -> dict[str, float]:
        """What is logged.

        Args:
            measured (Any): What :meth:`measure` gave.

        Returns:
            dict[str, float]: Values by name.
        """


@torch.no_grad()
def gradient_norms(
    groups: Mapping[str, list[nn.Parameter]], wrapper: OptimWrapper
) -> Tensor:
    """The 2-norm of the gradients of each group of parameters.

    Args:
        groups (Mapping[str, list[Parameter]]): Parameters by name; one may
            be in several groups, and one without a gradient counts as zero.
        wrapper (OptimWrapper): What holds the loss scale of mixed precision,
            of which the norms are freed.

    Returns:
        Tensor: float32, one a group, on the gradients' device.
    """
    found = {
        id(parameter): parameter
        for parameters in groups.values()
        for parameter in parameters
        if parameter.grad is not None
    }
    if not found:
        anywhere = next((p for ps in groups.values() for p in ps), None)
        device = None if anywhere is None else anywhere.device
        return torch.zeros(len(groups), device=device)
    gradients = [parameter.grad for parameter in found.values()]
    norms = dict(
        zip(found, torch._foreach_norm(gradients), strict=True)  # type: ignore
    )
    zero = torch.zeros_like(next(iter(norms.values())))
    whole = torch.stack(
        [
            torch.linalg.vector_norm(
                torch.stack([norms.get(id(p), zero) for p in parameters])
            )
            if parameters
            else zero
            for parameters in groups.values()
        ]
    ).float()
    scaler = getattr(wrapper, 'loss_scaler', None)
    # Freed by a product with the scale, which never leaves the device.
    return whole if scaler is None else whole / scaler.scale(zero + 1).float()
