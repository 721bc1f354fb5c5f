"""What a resumed run looks at in its checkpoint, once that is read."""

from collections.abc import Mapping
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner

from trimodal.engine.runner.resuming import check_states
from trimodal.utils.config import ConfigError


class ResumedRunHook(Hook):
    """Compares a resumed checkpoint with the run that goes on from it.

    With other batches than before (their size, the data set, the number of
    processes) an epoch has another number of them. Then the iterations still
    to come are counted anew, and a warning says so.

    A part of every training, not of configs.
    """

    # Before what counts iterations when training begins.
    priority = 'VERY_HIGH'
    _KEY = 'batches_per_epoch'

    def after_load_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Look at it.

        Raises:
            ConfigError: If nothing is left to train, or a checkpoint from a
                URL lacks what a run needs to go on.
        """
        if not runner._resume:
            return
        if '://' in str(runner._load_from):  # files were looked at
            schedules = bool(runner.cfg.get('param_scheduler'))
            check_states(checkpoint, runner._load_from, schedules)
        meta = checkpoint['meta']
        _check_end(runner, meta)
        now = len(runner.train_loop.dataloader)
        before = self._batches_before(checkpoint)
        if before not in (None, now):
            runner.logger.warning(
                f'The checkpoint comes from epochs of {before} batches, this '
                f'run has epochs of {now}: another batch size, data set or '
                'number of processes. Schedules that count iterations keep '
                'the length that they had; the run differs from one that '
                'never stopped.'
            )
        loop = runner.train_loop
        if isinstance(loop, EpochBasedTrainLoop):
            to_come = (loop.max_epochs - meta['epoch']) * now
            loop._max_iters = meta['iter'] + to_come

    def before_train(self, runner: Runner) -> None:
        """Note the number, for a run that goes on from this one."""
        count = len(runner.train_loop.dataloader)
        runner.message_hub.update_info(self._KEY, count)

    def _batches_before(self, checkpoint: Mapping[str, Any]) -> int | None:
        info = checkpoint.get('message_hub', {}).get('runtime_info', {})
        epochs = info.get('max_epochs', 1)
        if self._KEY in info or epochs == 1:  # 1: may be by iterations
            return info.get(self._KEY)
        return info['max_iters'] // epochs


def _check_end(runner: Runner, meta: Mapping[str, Any]) -> None:
    loop = runner.train_loop
    unit, end = 'iter', loop.max_iters
    if isinstance(loop, EpochBasedTrainLoop):
        unit, end = 'epoch', loop.max_epochs
    if meta[unit] > end:
        raise ConfigError(
            f'--resume: the checkpoint is of {unit} {meta[unit]}, past the '
            f'end of this run (train_cfg.max_{unit}s={end}); set a later end, '
            'or test it with tools/test.py'
        )
