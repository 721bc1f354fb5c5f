"""Ctrl-C: one line that says what was saved, and a run that goes on."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook

from tests.engine.toy import write_config
from tests.tools.launching import TOOLS, run_tool
from trimodal.engine.runner import TrainOptions, train
from trimodal.registry import HOOKS


@HOOKS.register_module()
class InterruptHook(Hook):
    """Ctrl-C in the second iteration of an epoch, as a terminal sends it."""

    def __init__(self, epoch: int, group: bool = False) -> None:
        self.epoch, self.group = epoch, group

    def after_train_iter(self, runner: Any, batch_idx: int, **_: Any) -> None:
        if (runner.epoch, batch_idx) != (self.epoch, 1):
            return
        if self.group:  # the workers get it too
            os.killpg(os.getpgid(0), signal.SIGINT)
        else:
            signal.raise_signal(signal.SIGINT)


EXTRA = """
custom_imports['imports'] += ['tests.engine.runner.test_interruption']
custom_hooks += [dict(type='InterruptHook', {})]
"""


def test_what_was_saved(tmp_path: Path):
    config = write_config(tmp_path, 'second', EXTRA.format('epoch=1'))
    options = TrainOptions(work_dir=str(tmp_path / 'w'))
    with pytest.raises(KeyboardInterrupt) as stop:
        train(config, options)
    assert str(stop.value) == (
        'stopped in epoch 2 after iteration 7; the last checkpoint is '
        f'{tmp_path}/w/epoch_1.pth: go on from it with the same command and '
        '--resume'
    )
    config = write_config(tmp_path, 'first', EXTRA.format('epoch=0'))
    options = TrainOptions(work_dir=str(tmp_path / 'v'))
    with pytest.raises(KeyboardInterrupt, match='no checkpoint was saved yet'):
        train(config, options)
    (tmp_path / 'v' / 'last_checkpoint').write_bytes(b'\xff')  # broken
    with pytest.raises(KeyboardInterrupt, match='stopped in epoch 1 after'):
        train(config, options)


def test_the_tool_ends_with_one_line(tmp_path: Path, monkeypatch, capsys):
    config = write_config(tmp_path, 'tool', EXTRA.format('epoch=1'))
    with pytest.raises(SystemExit) as end:
        run_tool(monkeypatch, 'train', config, '--work-dir', tmp_path / 'w')
    assert end.value.code == 130
    assert capsys.readouterr().err.splitlines()[-1].startswith('stopped in ')
    with pytest.raises(KeyboardInterrupt):  # with its traceback
        run_tool(
            monkeypatch,
            'train',
            *(config, '--debug', '--work-dir', tmp_path / 'v'),
        )


def test_a_terminal_with_a_worker_and_a_resume(tmp_path: Path, repo_root):
    extra = EXTRA.format('epoch=2, group=True')
    extra += (
        'train_dataloader.update(num_workers=1, persistent_workers=True)\n'
    )
    config, work_dir = write_config(tmp_path, 'a', extra), tmp_path / 'w'
    result = subprocess.run(
        [sys.executable, TOOLS / 'train.py', config, '--work-dir', work_dir],
        env={**os.environ, 'PYTHONPATH': str(repo_root)},
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    assert result.returncode == 130, result.stderr
    assert 'Traceback' not in result.stderr
    assert f'{work_dir}/epoch_2.pth' in result.stderr
    options = TrainOptions(work_dir=str(work_dir), resume='auto', test=False)
    train(write_config(tmp_path), options)
    assert torch.load(work_dir / 'epoch_4.pth')['meta']['iter'] == 24
