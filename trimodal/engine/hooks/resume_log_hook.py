"""The curves of a resumed run are those of one that never stopped."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from trimodal.registry import HOOKS

_CUT_OFF = '.cut'


@HOOKS.register_module()
class ResumeLogHook(Hook):
    """Takes back what was logged after the checkpoint that a run resumes.

    A killed run has logged more than its last checkpoint knows of, and the
    resumed one logs that again: curves would have those steps twice. So each
    checkpoint says how long the files of ``*/vis_data/`` were (scalars as
    JSON lines, events of TensorBoard), and a resume cuts them off there.
    Lines of JSON that are cut off are kept in a file with ``.cut`` at the end
    of its name. What has been sent elsewhere (W&B, MLflow) and the text log,
    which tells what happened, stay.

    Args:
        begin_anew (bool): Take back everything that earlier starts logged.
            ``tools/train.py`` sets it: where ``--resume`` finds no
            checkpoint, and nowhere else. Defaults to False.
    """

    # Before CheckpointHook (90) and whatever logs when training begins.
    priority = 'VERY_HIGH'
    _KEY = 'log_sizes'

    def __init__(self, begin_anew: bool = False) -> None:
        self.begin_anew = begin_anew
        self._resumed: dict[str, int] | None = None

    def before_save_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Note how long the logs are."""
        for backend in runner.visualizer._vis_backends.values():
            writer = getattr(backend, '_tensorboard', None)
            if writer is not None:
                writer.flush()
        folder = Path(runner.work_dir)
        checkpoint[self._KEY] = {
            str(path.relative_to(folder)): path.stat().st_size
            for path in _logs(folder)
        }

    def after_load_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Keep what a resumed checkpoint says until training starts."""
        if runner._resume:
            self._resumed = checkpoint.get(self._KEY)

    def before_train(self, runner: Runner) -> None:
        """Cut off."""
        sizes, self._resumed = self._resumed, None
        folder = Path(runner.work_dir)
        # A checkpoint of another folder says nothing about this one.
        known = sizes and any((folder / name).exists() for name in sizes)
        if is_main_process() and (known or self.begin_anew):
            for path in _logs(folder):
                own = Path(runner.log_dir) in path.parents
                if own and path.suffix != '.json':
                    continue  # events: this run has the file open
                name = str(path.relative_to(folder))
                _cut(path, (sizes or {}).get(name, 0))
        self.begin_anew = False


def _logs(folder: Path) -> Iterator[Path]:
    """Files of this and of earlier runs that only grow."""
    for path in sorted(folder.glob('*/vis_data/*')):
        if path.suffix == '.json' or 'tfevents' in path.name:
            yield path


def _cut(path: Path, size: int) -> None:
    with open(path, 'r+b') as file:
        file.seek(size)
        rest = file.read()
        if rest and path.suffix == '.json':
            with open(f'{path}{_CUT_OFF}', 'ab') as kept:
                kept.write(rest)
        if rest:
            file.truncate(size)
    if size == 0:
        path.unlink()
