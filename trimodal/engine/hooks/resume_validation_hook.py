"""Makes up for a validation that a kill has cut off."""

import bisect

from mmengine.hooks import Hook
from mmengine.runner import IterBasedTrainLoop, Runner

from trimodal.registry import HOOKS


@HOOKS.register_module()
class ResumeValidationHook(Hook):
    """Validates on resume if the checkpoint is older than its validation.

    mmengine saves at the end of an epoch and validates afterwards. Resumed
    from that file it would go on with the next epoch: best checkpoint, early
    stopping and plateau schedules would miss a result that the run never
    stopped has.
    """

    # In before_train everything else must be ready.
    priority = 'LOWEST'
    # A name that begins with 'val' would be logged among the metrics.
    _KEY = 'last_validation'

    def before_train(self, runner: Runner) -> None:
        """Validate if it is due at the very point of the checkpoint."""
        if self._position(runner) == 0:
            runner.message_hub.update_info(self._KEY, 0)
        validated_at = runner.message_hub.get_info(self._KEY)
        # None: a checkpoint of someone else, who may have validated.
        missed = validated_at not in (None, self._position(runner))
        if runner._resume and missed and self._is_due(runner):
            runner.logger.info('Validating first: the resumed run had not.')
            runner.val_loop.run()

    def before_val_epoch(self, runner: Runner) -> None:
        """Note for which point this validation is."""
        if runner.message_hub.get_info(self._KEY) is not None:
            position = self._position(runner)
            runner.message_hub.update_info(self._KEY, position)

    @staticmethod
    def _position(runner: Runner) -> int:
        loop = runner.train_loop
        by_iter = isinstance(loop, IterBasedTrainLoop)
        return loop.iter if by_iter else loop.epoch

    def _is_due(self, runner: Runner) -> bool:
        loop = runner.train_loop
        by_iter = isinstance(loop, IterBasedTrainLoop)
        at = self._position(runner)
        last = loop.max_iters if by_iter else loop.max_epochs
        step = bisect.bisect(loop.dynamic_milestones, at + 1)
        interval = loop.dynamic_intervals[step - 1]
        due = at >= loop.val_begin and (at % interval == 0 or at == last)
        return runner.val_loop is not None and due
