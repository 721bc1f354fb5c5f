"""How far a run is: a bar on a terminal, plain lines elsewhere."""

import logging
import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

logger = logging.getLogger(__name__)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed or 0.0
        return Text(f'{speed:.1f} samples/s')


class RunProgress:
    """Shows how far a run is, with its rate and the time left.

    Args:
        label (str): What is being made.
        total (int): Samples in all.
        done (int): Samples finished by an earlier run; they don't count for
            the rate.
        interval (float): Seconds between two lines where there is no
            terminal. Defaults to 10.0.
    """

    def __init__(
        self, label: str, total: int, done: int, interval: float = 10.0
    ) -> None:
        self.label = label
        self.total = total
        self.done = done
        self.interval = interval
        self._started_with = done
        self._start = self._last = time.monotonic()
        console = Console()
        self._bar = Progress(
            TextColumn('{task.description}'),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(label, total=total, completed=done)

    def __enter__(self) -> 'RunProgress':
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()
        if error is None and self.done > self._started_with:
            logger.info('%s', self.line())

    def advance(self, count: int) -> None:
        """Note that so many more samples are finished."""
        self.done += count
        self._bar.advance(self._task, count)
        if not self._bar.disable or self.done == self.total:
            return  # the last line is for the end
        now = time.monotonic()
        if now - self._last >= self.interval:
            self._last = now
            logger.info('%s', self.line())

    def line(self) -> str:
        """The state as a line of text."""
        seconds = max(time.monotonic() - self._start, 1e-9)
        rate = (self.done - self._started_with) / seconds
        text = f'{self.label}: {self.done}/{self.total}, {rate:.1f} samples/s'
        if self.done == self.total or not rate:
            return f'{text}, {seconds:.0f} s'
        return f'{text}, {(self.total - self.done) / rate:.0f} s left'
