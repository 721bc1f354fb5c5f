"""A trace of every operation of a few iterations."""

import atexit
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import get_rank, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.profiler import (
    ProfilerActivity,
    profile,
    record_function,
    schedule,
    tensorboard_trace_handler,
)

from trimodal.engine.hooks.loop_parts import LoopParts
from trimodal.models.layers.checks import check_not_negative, check_positive
from trimodal.registry import HOOKS


class _Labels:
    """Marks the parts of the loop in the trace."""

    def __init__(self) -> None:
        self._open: list[record_function] = []

    def begin(self, name: str) -> None:
        self._open.append(record_function(name))
        self._open[-1].__enter__()

    def end(self, name: str) -> None:
        self._open.pop().__exit__(None, None, None)


@HOOKS.register_module()
class PyTorchProfilerHook(Hook):
    """Records iterations with ``torch.profiler`` and writes what it saw.

    Files in ``profile`` in the log folder: ``rank_0.*.pt.trace.json.gz`` for
    https://ui.perfetto.dev and TensorBoard's profiler plugin, and
    ``top_ops.txt``, a table of the operations that took longest. The parts of
    the loop (data wait, preprocessing, forward, backward, optimizer, every
    hook) are named in the trace. ``tools/train.py --profiler pytorch`` adds
    this hook; with ``--fast-dev-run`` it records the one iteration there is. A
    run has one profiler at a time.

    mmengine's ``ProfilerHook`` stops at the end of the first epoch, counts
    from iteration 0 also in a resumed run, needs a package to *write* files
    for TensorBoard and refuses a run without training; hence this one.

    Args:
        wait (int): Iterations to leave out first. Defaults to 1.
        warmup (int): Iterations to record and throw away. Defaults to 1.
        active (int): Iterations to keep. Defaults to 3.
        repeat (int): How often to do so, each with a trace of its own.
            Defaults to 1.
        record_shapes (bool): Whether to keep the shapes of inputs. Defaults
            to False.
        profile_memory (bool): Whether to follow memory. Defaults to False.
        row_limit (int): Rows of the table. Defaults to 30.

    Raises:
        ValueError: If ``wait`` or ``warmup`` is negative, or another number
            is not positive.
    """

    priority = 'LOWEST'

    def __init__(
        self,
        wait: int = 1,
        warmup: int = 1,
        active: int = 3,
        repeat: int = 1,
        record_shapes: bool = False,
        profile_memory: bool = False,
        row_limit: int = 30,
    ) -> None:
        check_not_negative(wait=wait, warmup=warmup)
        check_positive(active=active, repeat=repeat, row_limit=row_limit)
        self.length = repeat * (wait + warmup + active)
        self.first = wait + warmup
        self.row_limit = row_limit
        self._schedule = schedule(
            wait=wait, warmup=warmup, active=active, repeat=repeat
        )
        self._options: dict[str, Any] = {
            'record_shapes': record_shapes,
            'profile_memory': profile_memory,
        }
        self._profiler: profile | None = None
        self._steps = 0

    def before_train(self, runner: Runner) -> None:
        """Start."""
        activities = [ProfilerActivity.CPU]
        if torch.cuda.is_available():
            activities.append(ProfilerActivity.CUDA)
        folder = Path(runner.log_dir, 'profile')
        folder.mkdir(parents=True, exist_ok=True)
        self._steps = 0
        self._parts = LoopParts(_Labels())
        self._parts.attach(runner)
        self._profiler = profile(
            activities=activities,
            schedule=self._schedule,
            on_trace_ready=lambda done: self._write(runner, folder, done),
            **self._options,
        )
        self._profiler.start()
        # Of a run that fails, too; torch crashes if it profiles to the end.
        atexit.register(self._stop)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Go on to the next iteration; after the last, be gone."""
        if self._profiler is None:
            return
        self._profiler.step()
        self._steps += 1
        if self._steps == self.length:
            self._stop()

    def after_train(self, runner: Runner) -> None:
        """Write what there is of a run that was shorter."""
        if self._profiler is None:
            return
        self._stop()
        if self._steps <= self.first:
            runner.logger.warning(
                f'Nothing was profiled: the run has {self._steps} iterations, '
                f'of which wait and warmup take {self.first}; train longer, '
                "or have dict(type='PyTorchProfilerHook', wait=0, warmup=0) "
                'among custom_hooks'
            )

    def _stop(self) -> None:
        atexit.unregister(self._stop)
        profiler, self._profiler = self._profiler, None
        assert profiler is not None
        self._parts.detach()
        profiler.stop()

    def _write(self, runner: Runner, folder: Path, done: profile) -> None:
        name = f'rank_{get_rank()}'
        tensorboard_trace_handler(str(folder), name, use_gzip=True)(done)
        if not is_main_process():
            return
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
        table = done.key_averages().table(
            sort_by=f'self_{device}_time_total', row_limit=self.row_limit
        )
        (folder / 'top_ops.txt').write_text(f'{table}\n')
        runner.logger.info(
            f'Operations that took longest:\n{table}\nTrace for '
            f'https://ui.perfetto.dev and TensorBoard: {folder}'
        )
