"""A report at the end of a run, which it never fails."""

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from tests.engine.toy import Killed, KillHook, write_config
from tests.tools.launching import run_tool
from trimodal.engine.hooks import ReportHook, report_hook
from trimodal.engine.runner import TrainOptions, train
from trimodal.engine.runner.building import build_runner
from trimodal.utils.config import ConfigError

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
    # Once: drawing takes seconds.
    assert log_of(folder).count(f'Report: {folder}') == 1


def test_a_config_without_a_test(tmp_path: Path):
    extra = 'test_dataloader = test_cfg = test_evaluator = None\n'
    folder = run(tmp_path, REPORT + extra)
    assert log_of(folder).count(f'Report: {folder}') == 1


@pytest.mark.parametrize('loop', ['train', 'test'])
@pytest.mark.parametrize('error', [Killed, KeyboardInterrupt])
def test_what_ends_early_is_reported(
    tmp_path: Path, monkeypatch, loop: str, error: type[BaseException]
):
    """In the second epoch, or in the test of what was trained."""

    def fail(runner: Runner) -> None:
        if loop == 'test' or runner.epoch == 1:
            raise error

    name = f'before_{loop}_epoch'
    monkeypatch.setattr(KillHook, name, lambda _, r: fail(r), raising=False)
    # It has no stage of its own.
    kill = "custom_hooks = [dict(type='KillHook', stage='x', epoch=0)]\n"
    with pytest.raises(error):
        run(tmp_path, REPORT + kill)
    folder = tmp_path / 'work'
    assert log_of(folder).count(f'Report: {folder}') == 1
    text = (folder / 'report.md').read_text('utf-8')
    assert ('finished: 2 epochs' in text) == (loop == 'test')
    assert '\nTest' not in text


def test_what_never_began_is_not_reported(tmp_path: Path):
    with pytest.raises(ConfigError):
        run(tmp_path, REPORT + "optim_wrapper['optimizer']['lr'] = 'a'\n")
    assert not list((tmp_path / 'work').glob('report.*'))


def test_a_test_by_itself(tmp_path: Path, monkeypatch):
    """The training's report has it from then on; without one, there is none.

    The loop is mmengine's, as is the training that has no test around it.
    """
    folder = run(tmp_path, REPORT, test=False)
    report = folder / 'report.md'
    assert '\nTest' not in report.read_text('utf-8')
    given = (tmp_path / 'toy.py', folder / 'epoch_2.pth', '--work-dir')
    run_tool(monkeypatch, 'test', *given, folder / 'test')
    assert '\nTest of epoch\\_2.pth' in report.read_text('utf-8')
    run_tool(monkeypatch, 'test', *given, tmp_path / 'elsewhere')
    assert not list((tmp_path / 'elsewhere').glob('**/report.*'))
    assert 'eport:' not in log_of(tmp_path / 'elsewhere')


def test_no_test_is_known_of(tmp_path: Path):
    """mmengine's runner, without our tools: after each."""
    path = write_config(tmp_path, extra=REPORT)
    config = Config.fromfile(path)
    config.work_dir = str(tmp_path / 'work')
    runner = build_runner(config)
    runner.train()
    report = tmp_path / 'work' / 'report.md'
    assert '\nTest' not in report.read_text('utf-8')
    runner.test()
    assert '\nTest' in report.read_text('utf-8')


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
