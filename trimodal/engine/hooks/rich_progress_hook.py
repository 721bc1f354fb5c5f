"""A progress bar on a terminal."""

import atexit
import io
import logging
import sys
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from trimodal.registry import HOOKS


@HOOKS.register_module()
class RichProgressHook(Hook):
    """Shows epochs, batches, loss and remaining time while running.

    On a terminal the log lines scroll above the bar. Where the output is no
    terminal (a file, a pipe, CI) the hook does nothing, and the log file has
    plain lines in either case.

    Args:
        refresh_per_second (float): How often the bar is drawn anew.
            Defaults to 4.
        console (Console, optional): Where to draw. Defaults to None: the
            standard output.

    Raises:
        ValueError: If ``refresh_per_second`` is not positive.
    """

    # After the logger (60): a line of an iteration comes before its bar.
    priority = 'VERY_LOW'

    def __init__(
        self, refresh_per_second: float = 4.0, console: Console | None = None
    ) -> None:
        if refresh_per_second <= 0:
            raise ValueError(
                'refresh_per_second must be positive, got '
                f'{refresh_per_second}'
            )
        self._refresh_per_second = refresh_per_second
        self._console = console
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._handlers: list[tuple[logging.StreamHandler, Any]] = []

    def before_train(self, runner: Runner) -> None:
        """Open the display."""
        self._start(runner)
        self._begin('run', 'training', runner.max_iters, runner.iter)

    def after_train(self, runner: Runner) -> None:
        """Close the display."""
        self._stop()

    def before_val(self, runner: Runner) -> None:
        """Open the display, unless training has."""
        self._start(runner)

    def after_val(self, runner: Runner) -> None:
        """Close the display, unless training goes on."""
        if 'run' not in self._tasks:
            self._stop()

    def before_test(self, runner: Runner) -> None:
        """Open the display."""
        self._start(runner)

    def after_test(self, runner: Runner) -> None:
        """Close the display."""
        self._stop()

    def before_train_epoch(self, runner: Runner) -> None:
        """Begin the bar of an epoch."""
        if runner.max_epochs > 1:
            name = f'epoch {runner.epoch + 1}/{runner.max_epochs}'
            self._begin('epoch', name, len(runner.train_dataloader))

    def after_train_epoch(self, runner: Runner) -> None:
        """End the bar of the epoch."""
        self._end('epoch')

    def before_val_epoch(self, runner: Runner) -> None:
        """Begin the bar of a validation."""
        self._begin('eval', 'validating', len(runner.val_dataloader))

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """End the bar of the validation."""
        self._end('eval')

    def before_test_epoch(self, runner: Runner) -> None:
        """Begin the bar of a test."""
        passes = getattr(runner.test_loop, 'passes', 1)
        total = passes * len(runner.test_dataloader)
        self._begin('eval', 'testing', total)

    def after_test_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """End the bar of the test."""
        self._end('eval')

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Advance, and show the loss."""
        if self._progress is None:
            return
        scalars = runner.message_hub.log_scalars
        loss = scalars.get('train/loss')
        note = '' if loss is None else f'loss {float(loss.current()):.4f}'
        self._advance('run', note)
        self._advance('epoch')

    def _after_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
        mode: str = 'train',
    ) -> None:
        self._advance('eval')  # of validating and testing

    def _start(self, runner: Runner) -> None:
        console = self._console or Console()
        if self._progress or not (is_main_process() and console.is_terminal):
            return
        self._progress = Progress(
            TextColumn('{task.description}'),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn('{task.fields[note]}'),
            console=console,
            refresh_per_second=self._refresh_per_second,
            transient=True,
        )
        self._progress.start()
        # The handler holds the original stream, which rich can't redirect.
        for handler in runner.logger.handlers:
            stream: Any = getattr(handler, 'stream', None)
            if stream in (sys.__stdout__, sys.__stderr__):
                self._handlers.append((handler, stream))
                handler.setStream(_LinesAbove(console))
        # An exception must not leave the terminal without its cursor.
        atexit.register(self._stop)

    def _stop(self) -> None:
        for handler, stream in self._handlers:
            handler.setStream(stream)
        if self._progress is not None:
            self._progress.stop()
        self._progress = None
        self._handlers, self._tasks = [], {}
        atexit.unregister(self._stop)

    def _begin(
        self, key: str, name: str, total: int, completed: int = 0
    ) -> None:
        if self._progress is not None:
            self._end(key)
            self._tasks[key] = self._progress.add_task(
                name, total=total, completed=completed, note=''
            )

    def _end(self, key: str) -> None:
        if self._progress is not None and key in self._tasks:
            self._progress.remove_task(self._tasks.pop(key))

    def _advance(self, key: str, note: str = '') -> None:
        if self._progress is not None and key in self._tasks:
            self._progress.update(self._tasks[key], advance=1, note=note)


class _LinesAbove(io.TextIOBase):
    """Puts lines above the bar, as long as they are.

    rich's own proxy would break them into lines of the terminal's width,
    between words and within tables.

    Args:
        console (Console): The one with the bar.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rest = ''

    def write(self, text: str) -> int:
        """Print what are whole lines by now."""
        *lines, self._rest = (self._rest + text).split('\n')
        if lines:
            whole = Text('\n').join(map(Text.from_ansi, lines))
            self._console.print(whole, soft_wrap=True)
        return len(text)
