"""On-the-fly gradient modulation: slows down the encoder that is ahead."""

from functools import partial
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from trimodal.engine.hooks.schedules import (
    check_epochs,
    check_span,
    find_objective,
)
from trimodal.models.objectives import OGMGE
from trimodal.registry import HOOKS

SEEDS = 2**32


@HOOKS.register_module()
class OGMGEHook(Hook):
    """Scales the encoders' gradients by the coefficients of an ``OGMGE``.

    Called by the optimizer right before it steps: what it changes is the
    gradient that is summed over the accumulated batches, averaged over the
    processes, clipped, and freed from the loss scale of mixed precision. The
    coefficients come from the scores of all processes, and the noise from a
    generator seeded by the run's seed and the iteration, so that every
    process makes the same step and a resumed run that of one never stopped.

    Logs each coefficient as ``ogm_ge/<modality>``.

    Args:
        objective (str): Name of the ``OGMGE`` among the model's objectives.
            Defaults to ``'ogm_ge'``.
        begin (int): First epoch, from 0, that modulates. Defaults to 0.
        end (int | None): First epoch that does not any more. Defaults to
            None, all do.
        by_epoch (bool): Whether ``begin`` and ``end`` count epochs, or
            iterations. Defaults to True.

    Raises:
        ValueError: If ``begin`` is negative or ``end`` not after it.
    """

    def __init__(
        self,
        objective: str = 'ogm_ge',
        begin: int = 0,
        end: int | None = None,
        by_epoch: bool = True,
    ) -> None:
        check_span(begin, end)
        self.objective = objective
        self.begin, self.end, self.by_epoch = begin, end, by_epoch
        self._handle: RemovableHandle | None = None

    def before_train(self, runner: Runner) -> None:
        """Ask the optimizer to be called before each step.

        Raises:
            ValueError: If the model has no such objective, or epochs are
                counted where training goes by iterations.
        """
        if self.by_epoch and (self.begin or self.end is not None):
            check_epochs(runner, 'OGMGEHook(by_epoch=True)')
        model, objective = find_objective(runner, self.objective, OGMGE)
        optimizer = runner.optim_wrapper.optimizer
        self._handle = optimizer.register_step_pre_hook(
            partial(self._modulate, runner, model.encoders, objective)
        )

    def after_train(self, runner: Runner) -> None:
        """Leave the optimizer alone."""
        if self._handle is not None:
            self._handle.remove()

    def _modulate(
        self,
        runner: Runner,
        encoders: Any,
        objective: OGMGE,
        optimizer: Optimizer,
        args: Any,
        kwargs: Any,
    ) -> None:
        coefficients = objective.take_coefficients().tolist()
        now = runner.epoch if self.by_epoch else runner.iter
        if now < self.begin or (self.end is not None and now >= self.end):
            return
        seed = (runner.seed % SEEDS) * SEEDS + runner.iter
        for name, coefficient in zip(
            objective.modalities, coefficients, strict=True
        ):
            gradients = [
                parameter.grad
                for parameter in encoders[name].parameters()
                if parameter.grad is not None
            ]
            if objective.noise:
                modulate_with_noise(gradients, coefficient, seed)
            elif gradients:
                torch._foreach_mul_(gradients, coefficient)
            seed += SEEDS // 2**8
            runner.message_hub.update_scalar(
                f'train/ogm_ge/{name}', coefficient
            )


@torch.no_grad()
def modulate_with_noise(
    gradients: list[Tensor], coefficient: float, seed: int
) -> None:
    """Scale gradients, and add noise of their standard deviation, in place.

    Args:
        gradients (list[Tensor]): A gradient for each parameter.
        coefficient (float): The factor.
        seed (int): Of the noise.
    """
    if not gradients:
        return
    generator = torch.Generator(gradients[0].device).manual_seed(seed)
    for gradient in gradients:
        noise = torch.empty_like(gradient).normal_(generator=generator)
        noise *= gradient.std(correction=0)
        gradient.mul_(coefficient).add_(noise)
