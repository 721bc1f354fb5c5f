"""Stochastic weight averaging over the last epochs."""

import os
from typing import Any

from mmengine.hooks import CheckpointHook, EMAHook, Hook
from mmengine.runner import Runner, set_random_seed

from trimodal.engine.hooks.dataset_epoch_hook import datasets_with_epoch
from trimodal.engine.hooks.monitoring import check_interval
from trimodal.engine.hooks.schedules import check_epochs, unwrapped
from trimodal.engine.optim.averaging import (
    WeightAverage,
    recompute_batch_norm,
)
from trimodal.engine.scoring import score
from trimodal.registry import HOOKS
from trimodal.utils.config import ConfigError


@HOOKS.register_module()
class SWAHook(Hook):
    """Averages the weights that the last epochs end with.

    From `Averaging Weights Leads to Wider Optima and Better Generalization
    <https://arxiv.org/abs/1803.05407>`_. After training the running
    statistics of batch normalisation are made anew for the average, by a pass
    over the training data; it is validated and saved as ``swa.pth``. If it is
    better than the best checkpoint, or nothing was validated, it is what the
    run is tested with. The average is kept in the checkpoints, so that a
    resumed run goes on with it.

    The learning rate is the schedule's: one that stays high in these epochs
    (``ConstantLR``, ``CosineRestartLR``) is what makes an average worthwhile.

    Args:
        begin_epoch (int | float): The first epoch that counts, from 0, or as
            a share of all. Defaults to 0.75.
        interval (int): Every so many epochs count. Defaults to 1.
        filename (str): Name of the checkpoint. Defaults to ``'swa.pth'``.

    Raises:
        ValueError: If ``begin_epoch`` is negative, or a share above 1, or
            ``interval`` is not positive; at the start of training, if it goes
            by iterations, has fewer epochs, or has an ``EMAHook``.
    """

    # After a step and before CheckpointHook (90), which saves the average.
    priority = 'NORMAL'
    _KEY = 'swa'

    def __init__(
        self,
        begin_epoch: int | float = 0.75,
        interval: int = 1,
        filename: str = 'swa.pth',
    ) -> None:
        is_share = isinstance(begin_epoch, float)
        if begin_epoch < 0 or (is_share and begin_epoch >= 1):
            raise ValueError(
                'begin_epoch must be an epoch from 0, or a share in [0, 1), '
                f'got {begin_epoch}'
            )
        check_interval(interval)
        self.begin_epoch, self.interval = begin_epoch, interval
        self.filename = filename
        self.average = WeightAverage()
        self.metrics: dict[str, Any] = {}

    def after_load_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Go on with the average of a resumed run."""
        if runner._resume and self._KEY in checkpoint:
            self.average.count = checkpoint[self._KEY]['count']
            self.average.weights = checkpoint[self._KEY]['weights']

    def before_train(self, runner: Runner) -> None:
        """Check that there is something to average."""
        check_epochs(runner, 'SWAHook')
        if self._begin(runner) >= runner.max_epochs:
            raise ConfigError(
                'begin_epoch must be below the number of epochs, '
                f'{runner.max_epochs}, got {self.begin_epoch}'
            )
        if any(isinstance(hook, EMAHook) for hook in runner.hooks):
            raise ConfigError(
                'SWAHook and EMAHook both average weights: choose one'
            )

    def after_train_epoch(self, runner: Runner) -> None:
        """Take in the weights."""
        since = runner.epoch - self._begin(runner)
        if since >= 0 and since % self.interval == 0:
            state = unwrapped(runner).state_dict()
            for value in self.average.weights.values():
                # A checkpoint may have been read onto another device.
                device = next(iter(state.values())).device
                value.data = value.data.to(device)
            self.average.update(state)

    def before_save_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Add ``swa`` to checkpoints that a run can be resumed from."""
        if self.average.count and 'optimizer' in checkpoint:
            checkpoint[self._KEY] = {
                'count': self.average.count,
                'weights': self.average.weights,
            }

    def after_train(self, runner: Runner) -> None:
        """Finish the average, validate and save it."""
        if not self.average.count:
            return
        model = unwrapped(runner)
        last = {k: v.detach().clone() for k, v in model.state_dict().items()}
        model.load_state_dict(self.average.weights)
        self._settle(runner)
        batches = recompute_batch_norm(model, runner.train_dataloader)
        self.metrics = {}
        if runner.val_loop is not None:
            self.metrics = score(runner.model, runner.val_loop)
        told = ', '.join(
            f'{key}: {value:.4f}'
            for key, value in self.metrics.items()
            if isinstance(value, float)
        )
        statistics = f', statistics of {batches} batches' if batches else ''
        runner.logger.info(
            f'Average of {self.average.count} epochs{statistics}. {told}'
        )
        self._save(runner)
        model.load_state_dict(last)

    def _settle(self, runner: Runner) -> None:
        """Whoever comes here, resumed or not, sees the same batches."""
        loader = runner.train_dataloader
        for dataset in datasets_with_epoch(loader.dataset):
            dataset.set_epoch(runner.max_epochs)
        if hasattr(loader.sampler, 'set_epoch'):
            loader.sampler.set_epoch(runner.max_epochs)
        set_random_seed(runner.seed)

    def _begin(self, runner: Runner) -> int:
        if isinstance(self.begin_epoch, float):
            return int(self.begin_epoch * runner.max_epochs)
        return self.begin_epoch

    def _save(self, runner: Runner) -> None:
        hooks = [h for h in runner.hooks if isinstance(h, CheckpointHook)]
        if not hooks:  # a trial run
            return
        runner.save_checkpoint(
            hooks[0].out_dir,
            self.filename,
            save_optimizer=False,
            save_param_scheduler=False,
            meta={'epoch': runner.epoch, 'iter': runner.iter},
            by_epoch=False,
        )
        path = os.path.join(hooks[0].out_dir, self.filename)
        self._compare(runner, hooks[0], path)

    def _compare(
        self, runner: Runner, hook: CheckpointHook, path: str
    ) -> None:
        """Name it the best checkpoint if it is."""
        hub = runner.message_hub
        if not hook.save_best or not self.metrics:
            hub.update_info('best_ckpt', path)
            return
        several = len(hook.key_indicators) > 1
        for key in hook.key_indicators:
            suffix = f'_{key}' if several else ''
            best = hub.runtime_info.get(f'best_score{suffix}')
            found = self.metrics.get(key)
            if found is None or found != found:
                continue
            if best is None or hook.is_better_than[key](found, best):
                hub.update_info(f'best_score{suffix}', found)
                hub.update_info(f'best_ckpt{suffix}', path)
                runner.logger.info(f'{self.filename} is the best by {key}.')
