"""What a resumed run says of a checkpoint that does not fit it."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.engine.toy import Killed, write_config
from trimodal.engine.runner import TrainOptions, train
from trimodal.utils import checkpoint_schemes
from trimodal.utils.checkpoint import load_file
from trimodal.utils.config import ConfigError
from trimodal.utils.saving import save_file

# 24 samples: 6 batches of 4 an epoch.
BY_ITERATIONS = """
train_cfg = dict(by_epoch=False, max_iters=8, val_interval=4)
param_scheduler = None
default_hooks['checkpoint'] = dict(by_epoch=False, interval=4)
"""
KILLED = """
custom_hooks += [
    dict(type='KillHook', stage='before_train_epoch', epoch=2)]
"""


def run(
    config: str, work_dir: Path, resume: str | None = None, **changes: Any
) -> str:
    """Train, and return the log."""
    for log in work_dir.glob('*/*.log'):
        log.unlink()  # one that begins in the same second has the same file
    options = {key.replace('__', '.'): v for key, v in changes.items()}
    train(
        config,
        TrainOptions(
            work_dir=str(work_dir),
            resume=resume,
            test=False,
            cfg_options=options,
        ),
    )
    return max(work_dir.glob('*/*.log')).read_text()


@pytest.fixture
def half(tmp_path: Path) -> tuple[str, Path]:
    """Two of four epochs, of 6 batches each."""
    work_dir = tmp_path / 'w'
    with pytest.raises(Killed):
        run(write_config(tmp_path, 'killed', KILLED), work_dir)
    return write_config(tmp_path), work_dir


@pytest.mark.parametrize('size', [2, 24])
def test_another_batch_size(half, size: int):
    config, work_dir = half
    log = run(config, work_dir, 'last', train_dataloader__batch_size=size)
    now = 24 // size
    warned = [line for line in log.splitlines() if ' WARNING ' in line]
    assert len(warned) == 1
    assert f'epochs of 6 batches, this run has epochs of {now}:' in warned[0]
    etas = re.findall(r'eta: (.*?)  time', log)
    assert etas
    assert not any('-' in eta for eta in etas)
    info = load_file(work_dir / 'epoch_4.pth')['message_hub']['runtime_info']
    assert info['max_iters'] == 12 + 2 * now == info['iter'] + 1
    # Later ones are compared with this one, and are counted on from it.
    more = dict(train_dataloader__batch_size=size, train_cfg__max_epochs=6)
    log = run(config, work_dir, 'last', **more)
    assert 'epochs of' not in log
    info = load_file(work_dir / 'epoch_6.pth')['message_hub']['runtime_info']
    assert info['max_iters'] == 12 + 4 * now


def test_the_same_batch_size(half):
    config, work_dir = half
    log = run(config, work_dir, 'last')
    assert ' WARNING ' not in log
    info = load_file(work_dir / 'epoch_4.pth')['message_hub']['runtime_info']
    assert info['max_iters'] == 24
    assert info['batches_per_epoch'] == 6


def test_a_checkpoint_of_mmengine_alone(half):
    """It tells the number by those of all epochs and iterations."""
    config, work_dir = half
    content = load_file(work_dir / 'epoch_2.pth')
    del content['message_hub']['runtime_info']['batches_per_epoch']
    save_file(content, work_dir / 'epoch_2.pth')
    log = run(config, work_dir, 'last', train_dataloader__batch_size=3)
    assert 'epochs of 6 batches, this run has epochs of 8' in log


def test_by_iterations(tmp_path: Path):
    config = write_config(tmp_path, 'iters', BY_ITERATIONS)
    assert run(config, tmp_path / 'w', train_cfg__max_iters=4)
    log = run(config, tmp_path / 'w', 'last', train_dataloader__batch_size=2)
    assert 'epochs of 6 batches, this run has epochs of 12' in log
    assert load_file(tmp_path / 'w' / 'iter_8.pth')['meta']['iter'] == 8
    with pytest.raises(ConfigError, match=r'iter 8, past .*max_iters=4\)'):
        run(config, tmp_path / 'w', 'last', train_cfg__max_iters=4)


def test_past_the_end(half):
    config, work_dir = half
    with pytest.raises(ConfigError, match=r'epoch 2, past .*max_epochs=1\)'):
        run(config, work_dir, 'last', train_cfg__max_epochs=1)
    # At its end there is nothing wrong: the test may have been missed.
    run(config, work_dir, 'last', train_cfg__max_epochs=2)


def test_weights_from_a_url(half, monkeypatch):
    """They are looked at when they are there."""
    config, work_dir = half
    content = load_file(work_dir / 'epoch_2.pth')
    del content['optimizer'], content['param_schedulers']
    load = lambda *args, **options: content  # noqa: E731
    monkeypatch.setattr(checkpoint_schemes.model_zoo, 'load_url', load)
    with pytest.raises(ConfigError, match=r'a\.pth lacks optimizer, param'):
        run(config, work_dir, 'https://example.org/a.pth')
