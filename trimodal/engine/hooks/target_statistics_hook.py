"""Measures the targets of a regression before training begins."""

from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from trimodal.engine.hooks.schedules import unwrapped
from trimodal.models.layers.standardiser import Standardiser
from trimodal.registry import HOOKS
from trimodal.utils.config import ConfigError


@HOOKS.register_module()
class TargetStatisticsHook(Hook):
    """Tells each ``RegHead`` the mean and deviation of its targets.

    Those that are ``'auto'`` become those of the training set's ``gt_value``
    as annotated, each sample counted once, whatever the sampler repeats; no
    media are read. Every process reads all of them, so all have the same.
    What a checkpoint brought along stays as it is.
    """

    def before_train(self, runner: Runner) -> None:
        """Measure, unless a checkpoint was loaded.

        Raises:
            ValueError: If the training set does not tell its targets, or has
                another number of them than the head has outputs.
        """
        waiting = {
            name: module
            for name, module in unwrapped(runner).named_modules()
            if isinstance(module, Standardiser) and not module.known
        }
        if not waiting:
            return
        values = torch.from_numpy(targets_of(runner.train_dataloader.dataset))
        for name, module in waiting.items():
            module.measure(values)
            mean, std = (
                ', '.join(f'{x:.4g}' for x in values.tolist())
                for values in (module.mean, module.std)
            )
            runner.logger.info(f'{name}: mean {mean}; deviation {std}')


def targets_of(dataset: Any) -> np.ndarray:
    """The regression targets of every sample.

    Args:
        dataset (Any): A data set with ``gt_values()``, or mmengine's wrappers
            of such.

    Returns:
        np.ndarray: float64 ``[N, D]``, NaN where there is none; of a wrapper
        that repeats samples each once.

    Raises:
        ValueError: If a data set does not tell.
    """
    if hasattr(dataset, 'gt_values'):
        return dataset.gt_values()
    if hasattr(dataset, 'datasets'):
        parts = [targets_of(item) for item in dataset.datasets]
        width = max(part.shape[1] for part in parts)
        # One without any target has no columns.
        return np.concatenate(
            [
                part if part.shape[1] else np.full((len(part), width), np.nan)
                for part in parts
            ]
        )
    if hasattr(dataset, 'dataset'):
        return targets_of(dataset.dataset)
    raise ConfigError(
        f'{type(dataset).__name__} has no gt_values(): it does not tell the '
        "targets that mean='auto' or std='auto' needs; give the head numbers"
    )
