"""Writes the report of a run when it ends."""

from collections.abc import Sequence
from pathlib import Path

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

from trimodal.registry import HOOKS
from trimodal.reports import FORMATS, write_report
from trimodal.reports.writing import check_formats


@HOOKS.register_module()
class ReportHook(Hook):
    """Writes ``report.md`` and ``report.html`` into the work folder.

    After training, or, inside
    :func:`~trimodal.engine.runner.ending.one_ending` where a test of what was
    trained follows, after that; a test by itself, in the folder of a training
    or its ``test`` folder, writes that training's report anew. A report that
    can't be written is a warning: the run has its checkpoints and logs all
    the same, and ``tools/analysis_tools/report.py`` makes the report later
    on.

    Args:
        formats (Sequence[str]): Of ``'md'`` and ``'html'``; none is no
            report. Defaults to both.

    Raises:
        ValueError: If a format is unknown.
    """

    priority = 'LOWEST'  # what the other hooks log is there by then

    def __init__(self, formats: Sequence[str] = FORMATS) -> None:
        check_formats(formats)
        self.formats = list(formats)
        self.test_follows = False
        self._trained = False
        self._owed = False

    def before_train(self, runner: Runner) -> None:
        """From here on there is something to report."""
        self._trained = self._owed = True

    def after_train(self, runner: Runner) -> None:
        """Write it, for a run that is not tested."""
        if not self.test_follows:
            self.finish(runner)

    def after_test(self, runner: Runner) -> None:
        """Write it, with what the test measured."""
        self._owed = True
        self.finish(runner)

    def finish(self, runner: Runner) -> None:
        """Write it, unless that has been done."""
        if self._owed and self.formats:
            self._write(runner)
        self._owed = False

    @master_only
    def _write(self, runner: Runner) -> None:
        folder = Path(runner.work_dir)
        if not self._trained and folder.name == 'test':
            folder = folder.parent
        try:
            paths = write_report(folder, self.formats)
        except FileNotFoundError as error:  # LocalVisBackend is left out
            if self._trained:
                runner.logger.info(f'No report: {error}')
        except (Exception, KeyboardInterrupt) as error:  # the run is done
            runner.logger.warning(
                f'No report: {type(error).__name__}: {error}'
            )
        else:
            names = ', '.join(str(path) for path in paths)
            runner.logger.info(f'Report: {names}')
