"""Ctrl-C in a training: what was saved, and how to go on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.runner import Runner


@contextmanager
def telling_how_to_go_on(runner: Runner) -> Iterator[None]:
    """Give a KeyboardInterrupt a message, and write out the curves.

    Args:
        runner (Runner): While it trains.

    Raises:
        KeyboardInterrupt: With one line, of the main process.
    """
    try:
        yield
    except KeyboardInterrupt:
        line = stopped_line(runner) if is_main_process() else ''
        runner.visualizer.close()
        # The traceback would be that of whatever line it was.
        raise KeyboardInterrupt(line) from None


def stopped_line(runner: Runner) -> str:
    """Where a run stands, its last checkpoint, and how to go on.

    Args:
        runner (Runner): After at least one iteration.

    Returns:
        str: One line.
    """
    where = (
        f'stopped in epoch {runner.epoch + 1} after iteration {runner.iter}'
    )
    pointer = Path(runner.work_dir, 'last_checkpoint')
    last = ''
    if pointer.is_file():  # of an earlier start it may be broken
        last = pointer.read_text('utf-8', 'replace').strip()
    if not last:
        return f'{where}; no checkpoint was saved yet'
    return (
        f'{where}; the last checkpoint is {last}: go on from it with the '
        'same command and --resume'
    )
