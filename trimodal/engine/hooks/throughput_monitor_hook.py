"""How fast a training runs, and how much memory it takes."""

import re
import sys
import time
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmengine.runner import Runner

from trimodal.engine.hooks.monitoring import check_interval
from trimodal.registry import HOOKS

MIB = 2**20


@HOOKS.register_module()
class ThroughputMonitorHook(Hook):
    """Logs ``samples_per_second`` and ``peak_memory``.

    - ``samples_per_second``: training samples of all processes since the last
      measurement, over the time; waiting for data included, validation not.
    - ``peak_memory``: the most memory, in MiB, that a process has held so
      far: of all processes the largest. Workers of the loader are not in it.

    The memory of a GPU is what mmengine logs as ``memory``. These two stand
    in the log's lines too, and are not kept in checkpoints. With several
    processes two numbers are exchanged every ``interval`` iterations.

    Args:
        interval (int): Iterations between two measurements. Defaults to 10.

    Raises:
        ValueError: If ``interval`` is below 1.
    """

    def __init__(self, interval: int = 10) -> None:
        check_interval(interval)
        self.interval = interval
        self._since = 0.0
        self._seconds = 0.0
        self._samples = 0

    def before_train(self, runner: Runner) -> None:
        """Begin to count."""
        self._seconds, self._samples = 0.0, 0

    def before_train_epoch(self, runner: Runner) -> None:
        """Begin to measure the time."""
        self._since = time.perf_counter()

    def after_val(self, runner: Runner) -> None:
        """Leave out the validation."""
        self._since = time.perf_counter()

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict | None = None,
    ) -> None:
        """Count, and log every so often."""
        now = time.perf_counter()
        self._seconds += now - self._since
        self._since = now
        self._samples += batch_size(data_batch)
        if not self.every_n_train_iters(runner, self.interval):
            return
        samples = torch.tensor(float(self._samples))
        all_reduce(samples)
        peak = torch.tensor(peak_memory())
        all_reduce(peak, op='max')
        values = {'peak_memory': float(peak)}
        if samples:
            values['samples_per_second'] = float(samples) / self._seconds
        self._seconds, self._samples = 0.0, 0
        for name, value in values.items():
            runner.message_hub.update_scalar(
                f'train/{name}', round(value, 1), resumed=False
            )


def batch_size(batch: Any) -> int:
    """How many samples a batch of the loader holds.

    Args:
        batch (Any): What the loader gave.

    Returns:
        int: 0 if it can not be told.

    Examples:
        >>> batch_size({'inputs': {'a': [1, 2]}, 'data_samples': ['x', 'y']})
        2
        >>> batch_size(None)
        0
    """
    while isinstance(batch, dict) and batch:
        batch = batch.get('data_samples') or next(iter(batch.values()))
    return len(batch) if isinstance(batch, list | tuple | torch.Tensor) else 0


def peak_memory() -> float:
    """The most memory this process has held so far, in MiB.

    Returns:
        float: NaN where the system does not tell.
    """
    status = Path('/proc/self/status')
    if status.is_file():
        # What getrusage says includes the process that started this one.
        found = re.search(r'VmHWM:\s+(\d+) kB', status.read_text('utf-8'))
        if found:
            return int(found.group(1)) / 1024
    if sys.platform == 'win32':
        return float('nan')
    import resource

    # Kilobytes, but on macOS bytes.
    unit = 1 if sys.platform == 'darwin' else 1024
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used * unit / MIB
