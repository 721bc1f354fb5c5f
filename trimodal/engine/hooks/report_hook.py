"""Writes the report of a run when it ends."""

from collections.abc import Sequence

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

from trimodal.registry import HOOKS
from trimodal.reports import FORMATS, write_report
from trimodal.reports.writing import check_formats


@HOOKS.register_module()
class ReportHook(Hook):
    """Writes ``report.md`` and ``report.html`` into the work folder.

    After training, and again after the test of what was trained; a test by
    itself gets none. A report that can't be written is a warning: the run
    has its checkpoints and logs all the same, and
    ``tools/analysis_tools/report.py`` makes the report later on.

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
        self._trained = False

    def after_train(self, runner: Runner) -> None:
        """Write it, for a run that is not tested."""
        self._trained = True
        self._write(runner)

    def after_test(self, runner: Runner) -> None:
        """Write it again, with what the test measured."""
        if self._trained:
            self._write(runner)

    @master_only
    def _write(self, runner: Runner) -> None:
        if not self.formats:
            return
        try:
            paths = write_report(runner.work_dir, self.formats)
        except FileNotFoundError as error:  # LocalVisBackend is left out
            runner.logger.info(f'No report: {error}')
        except Exception as error:  # must not fail a run that is done
            runner.logger.warning(
                f'No report: {type(error).__name__}: {error}'
            )
        else:
            names = ', '.join(str(path) for path in paths)
            runner.logger.info(f'Report: {names}')
