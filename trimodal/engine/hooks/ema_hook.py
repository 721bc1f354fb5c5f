"""A moving average of the weights after each step of the optimizer."""

from typing import Any

import torch
from mmengine.hooks import EMAHook as _EMAHook
from mmengine.runner import Runner
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from trimodal.engine.hooks.schedules import optim_wrappers
from trimodal.registry import HOOKS


@HOOKS.register_module()
class EMAHook(_EMAHook):
    """mmengine's, which averages where the optimizer has made a step.

    mmengine's averages once an iteration: with accumulated gradients several
    times between two steps, and also where a step was left out, by
    ``NonFiniteHook`` or for an overflow under mixed precision. Here each step
    counts once, so that accumulated batches give the average of the big
    batch, and a step left out leaves no trace in it.

    Args:
        ema_type (str): How to average: ``'ExponentialMovingAverage'``,
            ``'MomentumAnnealingEMA'`` or ``'StochasticWeightAverage'``.
            Defaults to ``'ExponentialMovingAverage'``.
        strict_load (bool): Whether a checkpoint must have the very names of
            the model. Defaults to False.
        begin_iter (int): The first iteration whose step is averaged; until
            then the average is the weights. Defaults to 0.
        begin_epoch (int): The first epoch, in place of it. Defaults to 0.
        kwargs: Of the average: ``momentum``, the share of the new weights
            (Defaults to 0.0002); ``interval``, average every so many steps;
            ``device``; ``update_buffers``, whether to average buffers too.
    """

    _handles: tuple[RemovableHandle, ...] = ()
    _stepped = False

    def before_run(self, runner: Runner) -> None:
        """Make the average; the test after a training has that of it."""
        if not hasattr(self, 'ema_model'):
            super().before_run(runner)

    def after_load_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Go on with the average of a resumed run."""
        self.before_run(runner)  # FlexibleRunner loads first
        super().after_load_checkpoint(runner, checkpoint)

    def before_train(self, runner: Runner) -> None:
        """Watch the optimizers, and see that there is time to average."""
        super().before_train(runner)
        self._stepped = False
        self._release()
        self._handles = tuple(
            each.optimizer.register_step_post_hook(self._after_step)
            for each in optim_wrappers(runner)
        )

    def after_train(self, runner: Runner) -> None:
        """Leave the optimizers alone."""
        self._release()

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Average if there was a step."""
        stepped, self._stepped = self._stepped, False
        if stepped or not self._ema_started(runner):
            super().after_train_iter(runner, batch_idx, data_batch, outputs)
        elif not self.ema_model.update_buffers:
            self._copy_buffers()

    @torch.no_grad()
    def _copy_buffers(self) -> None:
        """Those that are not averaged are the model's, at any time."""
        pairs = zip(
            self.ema_model.module.buffers(),
            self.src_model.buffers(),
            strict=True,
        )
        for ours, theirs in pairs:
            ours.copy_(theirs)

    def _after_step(
        self, optimizer: Optimizer, args: Any, kwargs: Any
    ) -> None:
        # NonFiniteHook leaves a step out by taking the gradients away.
        moved = any(
            parameter.grad is not None
            for group in optimizer.param_groups
            for parameter in group['params']
        )
        # A fused optimizer is called with an overflow, and steps not.
        overflow = getattr(optimizer, 'found_inf', None)
        if moved and not (overflow is not None and bool(overflow)):
            self._stepped = True

    def _release(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = ()
