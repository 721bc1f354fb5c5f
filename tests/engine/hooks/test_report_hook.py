"""A report at the end of a run, which it never fails."""

from pathlib import Path

import pytest

from tests.engine.toy import write_config
from trimodal.engine.hooks import ReportHook, report_hook
from trimodal.engine.runner import TrainOptions, train

SHORT = 'train_cfg.update(max_epochs=2)\n'
REPORT = SHORT + "default_hooks.update(report=dict(formats=('md', 'html')))\n"


def run(tmp_path: Path, extra: str, **options: object) -> Path:
    folder = tmp_path / 'work'
    path = write_config(tmp_path, extra=extra)
    train(path, TrainOptions(work_dir=str(folder), **options))
    return folder


def log_of(folder: Path) -> str:
    return '\n'.join(f.read_text() for f in sorted(folder.glob('*/*.log')))


def test_report_of_training_and_test(tmp_path: Path):
    folder = run(tmp_path, REPORT)
    text = (folder / 'report.md').read_text('utf-8')
    assert 'finished: 2 epochs' in text
    assert '\nTest of best\\_accuracy\\_top1\\_epoch\\_' in text
    assert (folder / 'report.html').exists()
    # In the log are the metrics that the report has, and where it is.
    assert log_of(folder).count(f'Report: {folder}') == 2


def test_report_of_a_training_alone_and_of_a_resumed_one(tmp_path: Path):
    folder = run(tmp_path, REPORT, test=False)
    text = (folder / 'report.md').read_text('utf-8')
    assert '\nTest' not in text
    more = REPORT + 'train_cfg.update(max_epochs=3)\n'
    run(tmp_path, more, test=False, resume='auto')
    text = (folder / 'report.md').read_text('utf-8')
    assert 'finished: 3 epochs' in text
    rows = [
        line.split('|')[1].strip()
        for line in text.splitlines()
        if line.startswith('|')
    ]
    assert [r for r in rows if r in ('1', '2', '3')] == ['1', '2', '3']


def test_a_failure_is_a_warning(tmp_path: Path, monkeypatch):
    def fail(*_: object) -> None:
        raise MemoryError('no room')

    monkeypatch.setattr(report_hook, 'write_report', fail)
    log = log_of(run(tmp_path, REPORT))
    assert 'WARNING - No report: MemoryError: no room' in log
    assert 'Tested' in log


def test_nothing_logged_is_no_warning(tmp_path: Path):
    extra = REPORT + 'visualizer.update(vis_backends=[])\n'
    folder = run(tmp_path, extra, test=False)
    assert 'No report: no scalars.json' in log_of(folder)
    assert 'WARNING - No report' not in log_of(folder)
    assert not (folder / 'report.md').exists()


def test_switched_off(tmp_path: Path):
    folder = run(tmp_path, SHORT, test=False)
    assert not (folder / 'report.md').exists()
    assert 'eport:' not in log_of(folder)


def test_refuses():
    with pytest.raises(ValueError, match='formats must be a list of some of'):
        ReportHook(formats=['pdf'])
