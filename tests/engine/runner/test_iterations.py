"""Epochs or iterations: what is trained, validated, saved and logged when."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from tests.engine.toy import Killed, write_config
from trimodal.engine.runner import TrainOptions, train
from trimodal.engine.runner.iterations import count_iterations
from trimodal.utils.config import ConfigError

SGD = "optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))\n"
PLAIN = f'param_scheduler = None\ncustom_hooks = []\n{SGD}'
# 6 iterations an epoch.
ITERATIONS = 'train_cfg = dict(max_iters=10, val_interval=4)\n'


def run(folder: Path, name: str, extra: str, **options: Any) -> Path:
    """Train, and give the work folder."""
    work_dir = folder / name
    config = write_config(folder, f'{name}_config', PLAIN + extra)
    options = {'work_dir': str(work_dir), 'test': False, **options}
    train(config, TrainOptions(**options))
    return work_dir


def scalars(work_dir: Path) -> list[dict]:
    lines = []
    for path in sorted(work_dir.glob('*/vis_data/scalars.json')):
        lines += [json.loads(x) for x in path.read_text().splitlines()]
    return lines


def validated(work_dir: Path) -> list[int]:
    return [x['step'] for x in scalars(work_dir) if 'accuracy/top1' in x]


def checkpoints(work_dir: Path) -> set[str]:
    names = {path.name for path in work_dir.glob('*.pth')}
    return {name for name in names if not name.startswith('best')}


def test_iterations(tmp_path: Path):
    """Ten of them: validation and checkpoints at 4, 8 and the last."""
    work_dir = run(tmp_path, 'w', ITERATIONS)
    assert validated(work_dir) == [4, 8, 10]
    assert checkpoints(work_dir) == {'iter_4.pth', 'iter_8.pth', 'iter_10.pth'}
    assert torch.load(work_dir / 'iter_10.pth')['meta']['iter'] == 10
    log = next(work_dir.glob('*/*.log')).read_text()
    assert 'Iter(train) [10/10]' in log


def test_iterations_are_those_of_epochs(tmp_path: Path):
    """The same batches, so the same weights."""
    by_iter = run(tmp_path, 'i', 'train_cfg = dict(max_iters=12)\n')
    by_epoch = run(tmp_path, 'e', "train_cfg['max_epochs'] = 2\n")
    ours, theirs = (
        torch.load(folder / name)['state_dict']
        for folder, name in (
            (by_iter, 'iter_12.pth'),
            (by_epoch, 'epoch_2.pth'),
        )
    )
    assert ours.keys() == theirs.keys()
    moved = torch.stack([(ours[n] != theirs[n]).any() for n in ours])
    # Dropout and the random loss are drawn alike; a validation between
    # epochs leaves the generators as they were.
    assert not moved.any()


def test_resumed_iterations(tmp_path: Path):
    """Killed after 8 of 10: the rest is that of a run never stopped."""
    whole = run(tmp_path, 'whole', ITERATIONS)
    kill = (
        "custom_hooks = [dict(type='KillHook', stage='before_train_iter', "
        'epoch=0, iteration=9)]\n'
    )
    with pytest.raises(Killed):
        run(tmp_path, 'cut', ITERATIONS + kill)
    cut = run(tmp_path, 'cut', ITERATIONS, resume='auto')
    ours, theirs = (
        torch.load(folder / 'iter_10.pth')['state_dict']
        for folder in (cut, whole)
    )
    for name, value in theirs.items():
        assert torch.equal(ours[name], value), name


@pytest.mark.parametrize(
    ('interval', 'begin', 'expected'),
    [
        (1, 1, [1, 2, 3, 4]),
        (2, 1, [2, 4]),
        (3, 1, [3, 4]),
        (1, 3, [3, 4]),
        (2, 3, [4]),
    ],
)
def test_validation_every_n_epochs(
    interval: int, begin: int, expected: list[int], tmp_path: Path
):
    """From ``val_begin`` on, and after the last one."""
    options = f'val_interval={interval}, val_begin={begin}'
    work_dir = run(tmp_path, 'w', f'train_cfg.update({options})\n')
    assert validated(work_dir) == expected


def test_validation_begins_with_an_iteration(tmp_path: Path):
    loop = 'train_cfg = dict(max_iters=10, val_interval=2, val_begin=5)\n'
    assert validated(run(tmp_path, 'w', loop)) == [6, 8, 10]


def test_fast_dev_run_of_iterations(tmp_path: Path):
    work_dir = run(tmp_path, 'w', ITERATIONS, fast_dev_run=True)
    log = next(work_dir.rglob('*.log')).read_text()
    assert 'Iter(train) [1/1]' in log
    assert 'Iter(val) [1/1]' in log
    assert not list(work_dir.rglob('*.pth'))


def counted(**changes: Any) -> Config:
    hook = changes.pop('checkpoint', {'type': 'CheckpointHook', 'interval': 1})
    hooks = {'checkpoint': hook}
    config = Config({'train_cfg': changes, 'default_hooks': hooks})
    count_iterations(config)
    return config


def test_what_the_user_says_stays():
    own = {'interval': 2, 'by_epoch': True}
    config = counted(max_iters=9, checkpoint=own)
    assert config.default_hooks.checkpoint == own
    config = counted(max_iters=9, checkpoint={'interval': 3})
    assert config.default_hooks.checkpoint == {
        'interval': 3,
        'by_epoch': False,
    }
    config = counted(max_iters=9)
    assert config.default_hooks.checkpoint.interval == 1000
    assert config.train_cfg == {'max_iters': 9, 'by_epoch': False}
    epochs = counted(max_epochs=3, max_iters=None, by_epoch=True)
    assert epochs.train_cfg == {'max_epochs': 3, 'by_epoch': True}
    assert 'log_processor' not in epochs
    none = counted(max_iters=9, checkpoint=None, type='IterBasedTrainLoop')
    assert none.default_hooks.checkpoint is None
    assert 'by_epoch' not in none.train_cfg


def test_both_are_too_many():
    with pytest.raises(ConfigError, match='max_epochs=2 and max_iters=9'):
        counted(max_epochs=2, max_iters=9)
    config = counted(max_epochs=None, max_iters=9, by_epoch=True)
    assert config.train_cfg == {'max_iters': 9, 'by_epoch': False}
