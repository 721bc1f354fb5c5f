"""Resume after a kill equals never having stopped, to the bit."""

import json
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from torch.utils.data import DataLoader

from tests.engine.toy import Killed, write_config
from trimodal.engine.hooks import RandomStateHook
from trimodal.engine.hooks.random_state_hook import (
    capture_random_state,
    restore_random_state,
)
from trimodal.engine.runner import TrainOptions, train

EARLY_STOPPING = """
custom_hooks += [dict(
    type='EarlyStoppingHook', monitor='accuracy/sure', rule='greater',
    min_delta=0.5, patience=9)]
"""
WORKERS = {
    'no_workers': '',
    'workers': "train_dataloader['num_workers'] = 2\n",
    'persistent': (
        "train_dataloader['num_workers'] = 2\n"
        "train_dataloader['persistent_workers'] = True\n"
        'val_dataloader.update(num_workers=1, persistent_workers=True)\n'
    ),
}
KILLS = {
    'in the third epoch': ('after_train_iter', 2, 100),
    # The checkpoint of epoch 2 is there, its validation is not.
    'before a validation': ('before_val_epoch', 2, 0),
    'within a validation': ('after_val_iter', 2, 100),
    'after a validation': ('after_val', 2, 100),
}


def assert_same(ours: Any, theirs: Any, where: str = '') -> None:
    """Equal to the bit, in every nested value."""
    assert type(ours) is type(theirs), where
    if isinstance(ours, torch.Tensor):
        assert torch.equal(ours, theirs), where
    elif isinstance(ours, dict):
        assert list(ours) == list(theirs), where
        for key in ours:
            assert_same(ours[key], theirs[key], f'{where}.{key}')
    elif isinstance(ours, list | tuple):
        assert len(ours) == len(theirs), where
        for index, pair in enumerate(zip(ours, theirs, strict=True)):
            assert_same(*pair, f'{where}[{index}]')
    else:
        assert ours == theirs or ours != ours, where


def last_checkpoint(work_dir: Path) -> dict[str, Any]:
    """Epoch 4, without what tells the time or the place."""
    content = torch.load(work_dir / 'epoch_4.pth', weights_only=True)
    del content['meta'], content['log_sizes']
    hub = content['message_hub']
    # The version has the git commit of the moment in it.
    own = 'eta cfg experiment_name last_ckpt best_ckpt mmengine_version'
    for key in own.split():
        hub['runtime_info'].pop(key)
    for key in ('train/time', 'train/data_time', 'val/time', 'val/data_time'):
        hub['log_scalars'].pop(key)
    return content


# What no two runs have in common.
TIMES = ('time', 'data_time', 'memory', 'peak_memory', 'samples_per_second')


def logged(work_dir: Path) -> dict[tuple, dict[str, float]]:
    """Every logged line of all runs in a folder, by epoch and iteration."""
    lines = {}
    for file in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for line in file.read_text().splitlines():
            values = json.loads(line)
            key = (values.pop('epoch', None), values['step'], len(values) > 5)
            for name in TIMES:
                values.pop(name, None)
            lines[key] = values
    return lines


def run(folder: Path, name: str, extra: str, **options: Any) -> Path:
    """Train the toy for 4 epochs; also after a kill the folder is given."""
    config = write_config(folder, name, EARLY_STOPPING + extra)
    work_dir = folder / 'work' / options.pop('work', name)
    options = TrainOptions(work_dir=str(work_dir), test=False, **options)
    if 'KillHook' in extra:
        with pytest.raises(Killed):
            train(config, options)
    else:
        train(config, options)
    return work_dir


@pytest.fixture(scope='module')
def straight(tmp_path_factory) -> Path:
    """Four epochs without a stop. Workers must not matter."""
    return run(tmp_path_factory.mktemp('straight'), 'straight', '')


@pytest.mark.parametrize(
    ('workers', 'when'),
    [
        ('no_workers', 'in the third epoch'),
        ('no_workers', 'before a validation'),
        ('no_workers', 'within a validation'),
        ('no_workers', 'after a validation'),
        ('workers', 'in the third epoch'),
        ('persistent', 'in the third epoch'),
        pytest.param(
            'persistent', 'within a validation', marks=pytest.mark.slow
        ),
    ],
)
def test_resume_is_exact(
    tmp_path: Path, straight: Path, workers: str, when: str
):
    setup = WORKERS[workers]
    stage, epoch, priority = KILLS[when]
    kill = f"dict(type='KillHook', stage={stage!r}, epoch={epoch},"
    kill = f'custom_hooks += [{kill} priority={priority})]\n'
    run(tmp_path, 'killed', setup + kill, work='w')
    assert not (tmp_path / 'work/w/epoch_3.pth').exists()
    random.seed(1), np.random.seed(2), torch.manual_seed(3)
    resumed = run(tmp_path, 'resumed', setup, work='w', resume='auto')
    assert_same(last_checkpoint(resumed), last_checkpoint(straight))
    ours, theirs = logged(resumed), logged(straight)
    assert ours == theirs
    assert len(theirs) == 4 * (3 + 1)


def test_a_run_without_a_seed_keeps_its_order(tmp_path: Path):
    """Its seed is drawn at the start; a resumed one must not draw again."""
    extra = 'randomness = dict(seed=None)\n'
    kill = "custom_hooks += [dict(type='KillHook', epoch=2, stage="
    kill = kill + "'after_train_iter')]\n"
    work = run(tmp_path, 'killed', extra + kill, work='w')
    two = torch.load(work / 'epoch_2.pth')
    assert two['random_state']['sampler_seed'] == two['meta']['seed']
    run(tmp_path, 'resumed', extra, work='w', resume='auto')
    four = torch.load(work / 'epoch_4.pth')
    assert four['random_state']['sampler_seed'] == two['meta']['seed']
    assert four['meta']['seed'] == two['meta']['seed']


BY_ITERATIONS = """
train_cfg = dict(by_epoch=False, max_iters=20, val_interval=5, val_begin=1)
train_dataloader['sampler'] = dict(type='InfiniteSampler', shuffle=True)
default_hooks.update(checkpoint=dict(by_epoch=False, interval=5))
log_processor = dict(by_epoch=False)
"""


def test_resume_is_exact_by_iterations(tmp_path: Path):
    """Killed in iteration 13 (6 a pass), resumed from 10."""
    kill = "dict(type='KillHook', stage='after_train_iter', epoch=0,"
    extra = BY_ITERATIONS + f'custom_hooks += [{kill} iteration=12)]\n'
    work = run(tmp_path, 'killed', extra, work='w')
    assert not (work / 'iter_15.pth').exists()
    np.random.seed(7), torch.manual_seed(8)
    run(tmp_path, 'resumed', BY_ITERATIONS, work='w', resume='auto')
    straight = run(tmp_path, 'straight', BY_ITERATIONS)
    ours, theirs = (torch.load(f / 'iter_20.pth') for f in (work, straight))
    for part in ('state_dict', 'ema_state_dict', 'optimizer', 'random_state'):
        assert_same(ours[part], theirs[part], part)


def new_runner(**state: Any) -> Any:
    loader = DataLoader([1, 2])
    logger = MMLogger.get_instance('random')
    return SimpleNamespace(
        train_dataloader=loader, seed=3, logger=logger, **state
    )


def test_states_of_other_processes_are_not_taken(capsys):
    hook, runner = RandomStateHook(), new_runner(_resume=True)
    ranks = [capture_random_state()] * 2
    saved = {'random_state': {'ranks': ranks, 'sampler_seed': 1}}
    hook.after_load_checkpoint(runner, saved)
    expected = [random.random() for _ in range(2)][1]
    random.seed(0), random.random()
    hook.before_train(runner)
    assert random.random() == expected
    assert 'written by 2 processes' in capsys.readouterr().out
    assert runner.train_dataloader.generator.initial_seed() == 3


def test_fine_tuning_takes_no_state():
    hook, runner = RandomStateHook(), new_runner(_resume=False)
    hook.after_load_checkpoint(runner, {'random_state': 'not even looked at'})
    hook.before_train(runner)


def test_capture_and_restore():
    def draw() -> tuple:
        return random.random(), np.random.normal(), torch.rand(3).tolist()

    np.random.normal()  # leaves a second normal number waiting
    state = capture_random_state()
    first = draw()
    assert draw() != first
    restore_random_state(state)
    assert draw() == first


def test_state_is_plain_data(tmp_path: Path):
    torch.save(capture_random_state(), tmp_path / 'state.pth')
    state = torch.load(tmp_path / 'state.pth', weights_only=True)
    restore_random_state(state)
    assert random.getstate() == state['python']
