"""A table of where the time of a training went."""

import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from trimodal.engine.hooks.loop_parts import PARTS, LoopParts
from trimodal.evaluation.reports import text_table
from trimodal.registry import HOOKS

# A method that took less of the whole is not listed by its name.
_LEAST_SHARE = 0.001


class PartTimer:
    """Adds up the time of each part; parts within others are theirs."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self._open: list[tuple[str, float]] = []

    def begin(self, name: str) -> None:
        """Start the clock, unless another part is running."""
        self._open.append((name, 0.0 if self._open else now()))

    def end(self, name: str) -> None:
        """Stop the clock of the part that was begun last."""
        began, start = self._open.pop()
        assert began == name, f'{name} ends within {began}'
        if not self._open:
            self.seconds[name].append(now() - start)


def now() -> float:
    """The time when the device is done with all it was given, in seconds."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return time.perf_counter()


@HOOKS.register_module()
class SimpleProfilerHook(Hook):
    """Times the parts of the loop and logs a table after training.

    The parts are data wait, preprocessing, forward, backward, optimizer
    (clipping, step and what a loss scaler does), hooks, checkpoint and
    validation; ``other`` is what is left. Their sum is the time of the
    training. On a GPU each part waits until the device is done: the parts
    are true, the whole is slower than without.

    The main process's table is in the log and in ``simple_profile.txt`` in
    the log folder. ``tools/train.py --profiler simple`` adds this hook.

    Args:
        extended (bool): Whether to list each method of each hook that took
            a thousandth of the time or more; the others are one row. Defaults
            to True.
    """

    priority = 'LOWEST'

    def __init__(self, extended: bool = True) -> None:
        self.extended = extended

    def before_train(self, runner: Runner) -> None:
        """Start."""
        self._timer = PartTimer()
        self._parts = LoopParts(self._timer)
        self._parts.attach(runner)
        self._began = now()

    def after_train(self, runner: Runner) -> None:
        """Stop, and tell."""
        whole = now() - self._began
        self._parts.detach()
        if not is_main_process():
            return
        table = format_profile(self._timer.seconds, whole, self.extended)
        Path(runner.log_dir, 'simple_profile.txt').write_text(f'{table}\n')
        runner.logger.info(f'Where the time went:\n{table}')


def format_profile(
    seconds: Mapping[str, list[float]], whole: float, extended: bool = True
) -> str:
    """A table of parts, and of the hooks' methods below it.

    Args:
        seconds (Mapping[str, list[float]]): Of each call, by part or
            ``Hook.method``.
        whole (float): Of all, in seconds.
        extended (bool): Whether to list the methods; those below a thousandth
            of the whole are one row together. Defaults to True.

    Returns:
        str: Plain text of several lines.
    """
    methods = {k: v for k, v in seconds.items() if k not in PARTS}
    hooks = [value for values in methods.values() for value in values]
    rows = {name: seconds.get(name, []) for name in PARTS}
    rows['hooks'] = hooks
    rest = whole - sum(sum(values) for values in rows.values())
    ordered = sorted(rows.items(), key=lambda row: -sum(row[1]))
    lines = [*ordered, ('other', [rest]), ('total', [whole])]
    if extended:
        lines += _by_method(methods, _LEAST_SHARE * whole)
    cells = [_cells(name, values, whole) for name, values in lines]
    return text_table(
        ('action', 'mean (ms)', 'calls', 'total (s)', '%'), cells
    )


def _by_method(
    methods: Mapping[str, list[float]], least: float
) -> list[tuple[str, list[float]]]:
    """The slowest first; those that took less than ``least`` together."""
    slowest = sorted(methods.items(), key=lambda row: -sum(row[1]))
    listed = [row for row in slowest if sum(row[1]) >= least]
    rows = [(f'hooks: {name}', taken) for name, taken in listed]
    rest = slowest[len(listed) :]
    if rest:
        together = [value for _, taken in rest for value in taken]
        rows.append(
            (f'hooks: {len(rest)} more below {least:.2g} s each', together)
        )
    return rows


def _cells(name: str, values: list[float], whole: float) -> tuple[str, ...]:
    total = sum(values)
    mean = 1000 * total / len(values) if values else 0.0
    share = 100 * total / whole
    return (
        name,
        f'{mean:.3f}',
        f'{len(values)}',
        f'{total:.3f}',
        f'{share:.1f}',
    )
