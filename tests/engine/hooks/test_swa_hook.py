"""An average of the last epochs, in whole runs of the toy."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim.swa_utils import AveragedModel

from tests.engine.toy import Killed, ToyModel, write_config
from trimodal.engine.hooks import SWAHook
from trimodal.engine.runner import TestOptions, TrainOptions, test, train

HOOK = "dict(type='SWAHook', begin_epoch={begin})"
KEEP = "default_hooks['checkpoint'] = dict(max_keep_ckpts=-1)\n"


def config_with(folder: Path, name: str, begin: Any, more: str = '') -> str:
    hooks = f'custom_hooks = [{HOOK.format(begin=begin)}{more}]\n'
    return write_config(folder, name, hooks + KEEP)


@pytest.fixture(scope='module')
def run(tmp_path_factory) -> tuple[str, Path, dict]:
    """A run of four epochs, of which the last three count."""
    folder = tmp_path_factory.mktemp('swa')
    config = config_with(folder, 'swa', 0.25)
    work_dir = folder / 'work'
    metrics = train(config, TrainOptions(work_dir=str(work_dir)))
    return config, work_dir, metrics


def test_weights_are_torchs_average(run):
    _, work_dir, _ = run
    model = ToyModel()
    average = AveragedModel(model)
    for epoch in (2, 3, 4):
        saved = torch.load(work_dir / f'epoch_{epoch}.pth')
        model.load_state_dict(saved['state_dict'])
        average.update_parameters(model)
        assert saved['swa']['count'] == epoch - 1
    assert 'swa' not in torch.load(work_dir / 'epoch_1.pth')
    found = torch.load(work_dir / 'swa.pth')
    for name, value in average.module.named_parameters():
        torch.testing.assert_close(found['state_dict'][name], value)
    # Statistics of one pass over the 24 samples in batches of 4.
    assert found['state_dict']['norm.num_batches_tracked'] == 6
    last = torch.load(work_dir / 'epoch_4.pth')['state_dict']
    assert not torch.equal(
        found['state_dict']['norm.running_mean'], last['norm.running_mean']
    )
    assert 'optimizer' not in found


def test_its_metrics_are_logged_and_compared(run, tmp_path: Path):
    """The run ends with a test of what is best, the average included."""
    config, work_dir, metrics = run
    options = TestOptions(work_dir=str(tmp_path))
    own = test(config, str(work_dir / 'swa.pth'), options)
    log = next(work_dir.glob('*/*.log')).read_text()
    told = ', '.join(f'{key}: {value:.4f}' for key, value in own.items())
    assert f'Average of 3 epochs, statistics of 6 batches. {told}' in log
    (best,) = work_dir.glob('best_*.pth')
    others = test(config, str(best), options)
    key = 'accuracy/top1'
    assert metrics[key] == max(own[key], others[key])
    assert ('swa.pth is the best by' in log) == (own[key] > others[key])


def test_resumed_run_has_the_same_average(run, tmp_path: Path):
    """Killed in the third of the epochs that count, or just resumed."""
    config, work_dir, metrics = run
    want = torch.load(work_dir / 'swa.pth')['state_dict']
    kill = ", dict(type='KillHook', stage='before_train_epoch', epoch=3)"
    killed = config_with(tmp_path, 'killed', 0.25, kill)
    options: dict[str, Any] = {'work_dir': str(tmp_path / 'w')}
    with pytest.raises(Killed):
        train(killed, TrainOptions(**options))
    for _ in range(2):
        assert train(config, TrainOptions(**options, resume='auto')) == metrics
        found = torch.load(tmp_path / 'w' / 'swa.pth')['state_dict']
        for name, value in want.items():
            assert torch.equal(found[name], value), name


def test_every_second_epoch(tmp_path: Path):
    hooks = (
        "custom_hooks = [dict(type='SWAHook', begin_epoch=1, interval=2)]\n"
    )
    config = write_config(tmp_path, 'two', hooks + KEEP)
    train(config, TrainOptions(work_dir=str(tmp_path / 'w'), test=False))
    found = torch.load(tmp_path / 'w' / 'swa.pth')['state_dict']
    states = [
        torch.load(tmp_path / 'w' / f'epoch_{epoch}.pth')['state_dict']
        for epoch in (2, 4)
    ]
    weights = [state['head.weight'] for state in states]
    torch.testing.assert_close(found['head.weight'], sum(weights) / 2)


def test_a_trial_run_saves_nothing(run, tmp_path: Path):
    hooks = "custom_hooks = [dict(type='SWAHook', begin_epoch=0)]\n"
    config = write_config(tmp_path, 'trial', hooks)
    options = TrainOptions(work_dir=str(tmp_path / 'w'), fast_dev_run=True)
    assert train(config, options)
    assert not list((tmp_path / 'w').rglob('*.pth'))


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'begin_epoch': -1}, 'begin_epoch must be'),
        ({'begin_epoch': 1.0}, 'begin_epoch must be'),
        ({'interval': 0}, 'interval must be at least 1, got 0'),
    ],
)
def test_wrong_values(options: dict, message: str):
    with pytest.raises(ValueError, match=message):
        SWAHook(**options)


@pytest.mark.parametrize(
    ('extra', 'message'),
    [
        (
            "custom_hooks = [dict(type='SWAHook'), dict(type='EMAHook')]\n",
            'choose one',
        ),
        (
            "custom_hooks = [dict(type='SWAHook', begin_epoch=4)]\n",
            'below the number of epochs, 4, got 4',
        ),
        (
            "custom_hooks = [dict(type='SWAHook')]\n"
            'train_cfg = dict(max_iters=3)\n',
            'training by epochs',
        ),
    ],
)
def test_what_does_not_fit(extra: str, message: str, tmp_path: Path):
    config = write_config(tmp_path, 'wrong', extra)
    options = TrainOptions(work_dir=str(tmp_path / 'w'), test=False)
    with pytest.raises(ValueError, match=message):
        train(config, options)
