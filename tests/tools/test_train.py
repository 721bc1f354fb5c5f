"""tools/train.py: its options, its errors, and a real kill."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.engine.hooks.test_random_state_hook import (
    assert_same,
    last_checkpoint,
)
from tests.engine.toy import write_config
from tests.tools.launching import TOOLS, failure_of, run_tool


def test_every_option(tmp_path: Path, monkeypatch):
    config, work_dir = write_config(tmp_path), tmp_path / 'work'
    options = [
        '--amp',
        '--auto-scale-lr',
        '--deterministic',
        '--debug',
    ]
    lr = 'optim_wrapper.optimizer.lr=0.5'
    cfg_options = ['--cfg-options', 'train_cfg.max_epochs=1', lr]
    run_tool(
        monkeypatch,
        'train',
        *(config, '--work-dir', work_dir, '--seed', 3, '--launcher', 'none'),
        *('--no-test', *options, *cfg_options),
    )
    content = torch.load(work_dir / 'epoch_1.pth')
    assert content['meta']['seed'] == 3
    # lr 0.5, times batch 4 over base 2.
    assert content['param_schedulers'][0]['base_values'] == [1.0]
    run_tool(
        monkeypatch,
        'train',
        *(config, '--work-dir', work_dir, '--resume', '--fast-dev-run'),
    )


def test_errors(tmp_path: Path, monkeypatch):
    config = write_config(tmp_path)
    work_dir = ('--work-dir', tmp_path / 'work')
    for arguments, message in {
        ('none.py',): 'config file none.py does not exist',
        (config, '--resume', 'no.pth'): 'checkpoint no.pth does not exist',
        (config, '--cfg-options', 'modle.x=1'): 'did you mean model',
        (config, '--cfg-options', 'model.type=Toy'): "Did you mean 'ToyModel'",
        (config, '--cfg-options', 'train_cfg.val_interval=0'): (
            'train_cfg.val_interval=0: must be a whole number, at least 1'
        ),
        (config, '--cfg-options', 'custom_hooks.0.begin_epoch=9'): (
            'EMAHook: begin_epoch=9 is after the last of 4 epochs; set it to 4'
        ),
        (config, '--cfg-options', 'custom_hooks.0.begin_iter=-1'): (
            'custom_hooks[0] (EMAHook): `begin_iter` must larger than'
        ),
        (config, '--cfg-options', 'custom_hooks.0.momentum=2.0'): (
            'custom_hooks[0] (EMAHook): momentum must be in range'
        ),
    }.items():
        line = failure_of(monkeypatch, 'train', *arguments, *work_dir)
        assert message in line


def test_debug_shows_the_traceback(tmp_path: Path, monkeypatch):
    config = write_config(tmp_path)
    with pytest.raises(KeyError, match='NoModel'):
        run_tool(
            monkeypatch,
            'train',
            *(config, '--debug', '--work-dir', tmp_path / 'work'),
            *('--cfg-options', 'model.type=NoModel'),
        )


def test_a_real_kill_and_a_resume(tmp_path: Path, monkeypatch, repo_root):
    """SIGKILL in the third epoch, in a process of its own."""
    kill = "stage='after_train_iter', epoch=2, real=True"
    extra = f"custom_hooks += [dict(type='KillHook', {kill})]\n"
    killed = write_config(tmp_path, 'killed', extra)
    config, work_dir = write_config(tmp_path), tmp_path / 'work'
    run = [sys.executable, TOOLS / 'train.py', killed, '--work-dir', work_dir]
    environment = {**os.environ, 'PYTHONPATH': str(repo_root)}
    result = subprocess.run(
        run, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == -signal.SIGKILL, result.stderr
    assert 'Warning' not in result.stderr
    resume = (config, '--no-test', '--work-dir', work_dir, '--resume')
    run_tool(monkeypatch, 'train', *resume)
    # A name of its own: runs of one name and second share their message hub.
    config = write_config(tmp_path, 'straight')
    straight = (config, '--no-test', '--work-dir', tmp_path / 'straight')
    run_tool(monkeypatch, 'train', *straight)
    ours, theirs = work_dir, tmp_path / 'straight'
    assert_same(last_checkpoint(ours), last_checkpoint(theirs))
