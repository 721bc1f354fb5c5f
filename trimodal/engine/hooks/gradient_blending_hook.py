"""Gradient-Blending: measures how each loss generalises."""

from itertools import islice
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor
from torch.utils.data import DataLoader

from trimodal.engine.hooks.random_state_hook import (
    capture_random_state,
    restore_random_state,
)
from trimodal.engine.hooks.schedules import check_epochs, find_objective
from trimodal.models.layers.checks import check_positive
from trimodal.models.objectives.gradient_blending import (
    GradientBlending,
    blend_weights,
)
from trimodal.registry import HOOKS
from trimodal.utils.config import ConfigError


@HOOKS.register_module()
class GradientBlendingHook(Hook):
    """Sets the weights of a ``GradientBlending``, once a super-epoch.

    At the beginning of training and after each super-epoch it computes, in
    evaluation mode, every head's loss on the training data (as augmented)
    and on held-out data. The change over the super-epoch gives the weights of
    the next; where no held-out loss fell they stay. The paper trains each
    head by itself from the same point to measure it (M + 1 trainings a
    super-epoch); here all are measured in the one joint training.

    The paper holds out a part of the training set. Without ``dataloader`` the
    validation set is used: **it then takes part in training, and its
    accuracy is no longer that of unseen data.**

    Logs the weights as ``blend/fused`` and ``blend/<modality>``. What was
    measured is in the checkpoint, so a resumed run goes on with the same.

    Args:
        objective (str): Name of the ``GradientBlending`` among the model's
            objectives. Defaults to ``'blend'``.
        super_epoch (int): Epochs between measurements. Defaults to 5.
        dataloader (dict | DataLoader | None): Loader of held-out samples, or
            its config. Defaults to None, that of validation.
        max_batches (int | None): At most so many batches of either loader are
            measured, on each process. Defaults to None, all.
        least_overfit (float): Smallest growth of the distance between the two
            losses that is divided by. Defaults to 0.01.

    Raises:
        ValueError: If a number is not positive.
    """

    # Before RandomStateHook (85) and CheckpointHook (90), which save.
    priority = 80

    def __init__(
        self,
        objective: str = 'blend',
        super_epoch: int = 5,
        dataloader: dict | DataLoader | None = None,
        max_batches: int | None = None,
        least_overfit: float = 0.01,
    ) -> None:
        check_positive(super_epoch=super_epoch, least_overfit=least_overfit)
        if max_batches is not None:
            check_positive(max_batches=max_batches)
        self.objective = objective
        self.super_epoch = super_epoch
        self.max_batches = max_batches
        self.least_overfit = least_overfit
        self._dataloader = dataloader

    def before_train(self, runner: Runner) -> None:
        """Measure where training starts, unless it was resumed.

        Raises:
            ValueError: If the model has no such objective, training goes by
                iterations, or there is no loader of held-out samples.
        """
        check_epochs(runner, 'GradientBlendingHook')
        _, blend = find_objective(runner, self.objective, GradientBlending)
        if self._dataloader is None and runner.val_loop is None:
            raise ConfigError(
                'GradientBlendingHook needs a dataloader of held-out samples '
                'where the run has no validation, got None'
            )
        if blend.measured.isnan().any():
            blend.measured.copy_(self._measure(runner))

    def after_train_epoch(self, runner: Runner) -> None:
        """Measure at the end of a super-epoch, and set the weights."""
        if (runner.epoch + 1) % self.super_epoch:
            return
        _, blend = find_objective(runner, self.objective, GradientBlending)
        now = self._measure(runner)
        weights = blend_weights(blend.measured, now, self.least_overfit)
        blend.measured.copy_(now)
        if weights is None:
            runner.logger.info('No held-out loss fell: the weights stay.')
        else:
            blend.weights.copy_(weights)
        for name, weight in zip(
            blend.terms, blend.weights.tolist(), strict=True
        ):
            runner.message_hub.update_scalar(f'train/blend/{name}', weight)

    def _measure(self, runner: Runner) -> Tensor:
        """Training and held-out loss of every term, float32 ``[2, 1 + M]``."""
        state = capture_random_state()
        if isinstance(self._dataloader, dict):
            self._dataloader = runner.build_dataloader(self._dataloader)
        held = self._dataloader or runner.val_dataloader
        loaders = (runner.train_dataloader, held)
        measured = torch.stack([self._mean(runner, x) for x in loaders])
        restore_random_state(state)
        return measured

    @torch.no_grad()
    def _mean(self, runner: Runner, loader: Any) -> Tensor:
        model, blend = find_objective(runner, self.objective, GradientBlending)
        total, count = torch.zeros_like(blend.weights), 0
        training = model.training
        model.eval()
        with blend.unweighted():
            for batch in islice(loader, self.max_batches):
                data = model.data_preprocessor(batch, False)
                losses = model(**data, mode='loss')
                size = len(data['data_samples'])
                total += size * blend.collect(losses, self.objective)
                count += size
        model.train(training)
        mean = total / max(count, 1)
        all_reduce(mean, op='mean')
        return mean
