"""mmengine's early stopping, whose patience survives a resume."""

from typing import Any

from mmengine.hooks import EarlyStoppingHook as _EarlyStoppingHook
from mmengine.runner import Runner

from trimodal.registry import HOOKS


@HOOKS.register_module()
class EarlyStoppingHook(_EarlyStoppingHook):
    """Stops training when a metric no longer improves.

    Arguments are those of :class:`mmengine.hooks.EarlyStoppingHook`:
    ``monitor``, ``rule``, ``min_delta``, ``patience``, ... It differs in two
    ways: the best score and the count of waits are kept in the checkpoint,
    and testing does not build the train data set.
    """

    # Before CheckpointHook (90), so that what it saves is up to date.
    priority = 80
    _KEY = 'early_stopping'

    def before_run(self, runner: Runner) -> None:
        """Nothing: the parent's check would build the train loop."""

    def before_train(self, runner: Runner) -> None:
        """Go on with the state of a resumed run."""
        state = runner.message_hub.get_info(self._KEY)
        if state is not None:
            self.wait_count = state['wait_count']
            self.best_score = state['best_score']
            stopped = self.wait_count >= self.patience
            runner.train_loop.stop_training = stopped

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, Any] | None = None
    ) -> None:
        """Decide, and note the state for the next checkpoint."""
        super().after_val_epoch(runner, metrics or {})
        state = {
            'wait_count': self.wait_count,
            'best_score': float(self.best_score),
        }
        runner.message_hub.update_info(self._KEY, state)
