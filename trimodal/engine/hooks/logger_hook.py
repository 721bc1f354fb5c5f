"""What loggers are told of validations and tests, and until when."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import LoggerHook as _LoggerHook
from mmengine.runner import BaseLoop, Runner

from trimodal.registry import HOOKS
from trimodal.visualization.backends.local_backend import plain
from trimodal.visualization.scalars import NOT_FINITE


@HOOKS.register_module()
class LoggerHook(_LoggerHook):
    """mmengine's, which tells the loggers of tests too.

    Arguments are those of mmengine's :class:`LoggerHook`. It differs in this:

    - What a test measured reaches the loggers, as ``test/accuracy/top1`` and
      ``test/speech/accuracy/top1``, at the iteration of the tested weights;
      at 0 if they do not say it.
    - Loggers whose curves are over iterations (TensorBoard, W&B, MLflow) get
      a validation's metrics and times as ``val/accuracy/top1``, at the
      iteration after which it came. In ``scalars.json`` they stand as
      mmengine writes them: plainly, at their epoch.
    - The test's file ``<start>.json`` is JSON that any program reads, with
      NumPy's integers as numbers; mmengine's has ``null`` for them.
    - Inside :func:`~trimodal.engine.runner.ending.one_ending` the loggers stay
      open until the test is done that follows a training.
    """

    test_follows = False
    _owes_end = False
    _loaded: int | None = None

    def before_run(self, runner: Runner) -> None:
        """Note the files' names; once, for a training and its test."""
        if self.json_log_path is None:
            super().before_run(runner)

    def after_load_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Note how long the weights were trained."""
        self._loaded = (checkpoint.get('meta') or {}).get('iter', 0)

    def before_train(self, runner: Runner) -> None:
        """From here on the runner itself knows that."""
        self._loaded = None

    def before_val_epoch(self, runner: Runner) -> None:
        """Tell where the pictures of the validation stand."""
        self._tell(runner, _position(runner)[0])

    def before_test_epoch(self, runner: Runner) -> None:
        """Tell where the pictures of the test stand."""
        self._tell(runner, self._tested(runner))

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Give the loggers the metrics of a validation."""
        found, text = runner.log_processor.get_log_after_epoch(
            runner, len(runner.val_dataloader), 'val'
        )
        runner.logger.info(text)
        if not is_main_process():
            return
        iteration, epoch = _position(runner)
        step = epoch if self.log_metric_by_epoch else iteration
        named = {**_named('val', found), 'iter': iteration}
        for backend in runner.visualizer._vis_backends.values():
            if hasattr(backend, 'iteration'):
                backend.add_scalars(named, iteration)
            else:
                backend.add_scalars(found, step, self.json_log_path)

    def after_test_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Give the loggers the metrics of a test, and write them all."""
        found, text = runner.log_processor.get_log_after_epoch(
            runner, len(runner.test_dataloader), 'test', with_non_scalar=True
        )
        runner.logger.info(text)
        if not is_main_process():
            return
        found = {k.removeprefix('test/'): v for k, v in plain(found).items()}
        path = Path(runner.log_dir, str(self.json_log_path))
        path.write_text(json.dumps(found) + '\n', encoding='utf-8')
        numbers = {k: float(v) for k, v in found.items() if _is_number(v)}
        iteration = self._tested(runner)
        runner.visualizer.add_scalars(
            {**_named('test', numbers), 'iter': iteration},
            iteration,
            self.json_log_path,
        )

    def after_run(self, runner: Runner) -> None:
        """Close the loggers, unless a test follows."""
        self._owes_end = self.test_follows
        if not self.test_follows:
            super().after_run(runner)
        self.test_follows = False

    def finish(self, runner: Runner) -> None:
        """Close them, if the test that was to follow did not come so far.

        Those of a training that failed stay open, as their servers are not
        to take it for one that came to its end; what waits is written.
        """
        if self._owes_end:
            self.after_run(runner)
        for backend in runner.visualizer._vis_backends.values():
            if hasattr(backend, 'flush'):
                backend.flush()

    def _tested(self, runner: Runner) -> int:
        loaded = self._loaded
        return _position(runner)[0] if loaded is None else loaded

    @staticmethod
    def _tell(runner: Runner, iteration: int) -> None:
        for backend in runner.visualizer._vis_backends.values():
            if hasattr(backend, 'iteration'):
                backend.iteration = iteration


def _position(runner: Runner) -> tuple[int, int]:
    """Iterations and epochs of training so far; 0 without one."""
    if not isinstance(runner._train_loop, BaseLoop):
        return 0, 0  # to ask would build a loop that is not wanted
    return runner.iter, runner.epoch


def _named(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Metrics under names that say of what they are, as hierarchies do."""
    return {f'{kind}/{k.removeprefix(f"{kind}/")}': values[k] for k in values}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) or value in NOT_FINITE
