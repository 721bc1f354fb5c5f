"""Counts the classes of the training set before training begins."""

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from trimodal.datasets.samplers.class_balanced import labels_of
from trimodal.engine.hooks.schedules import unwrapped
from trimodal.models.layers.class_weight import ClassWeight
from trimodal.registry import HOOKS
from trimodal.utils.config import ConfigError


@HOOKS.register_module()
class ClassCountsHook(Hook):
    """Sets the weights of losses with ``class_weight='balanced'``.

    They come from the labels of the training set as annotated, each sample
    counted once, whatever the sampler repeats; no media are read. Every
    process reads all of them, so all have the same. Without such a loss it
    does nothing.
    """

    def before_train(self, runner: Runner) -> None:
        """Count, and log the weights.

        Raises:
            TypeError: If the training set does not tell its labels.
            ValueError: If no sample has a label, or one is beyond the head's
                classes.
        """
        waiting = {
            name: module
            for name, module in unwrapped(runner).named_modules()
            if isinstance(module, ClassWeight) and module.balanced
        }
        if not waiting:
            return
        labels = labels_of(runner.train_dataloader.dataset)
        counts = torch.from_numpy(np.bincount(labels[labels >= 0]))
        if not len(counts):
            raise ConfigError(
                "class_weight='balanced' needs labels, but no sample of the "
                'training set has one'
            )
        for name, module in waiting.items():
            module.measure(counts)
            assert module.value is not None
            values = ', '.join(f'{x:.4g}' for x in module.value.tolist())
            runner.logger.info(f'{name}: {values}')
