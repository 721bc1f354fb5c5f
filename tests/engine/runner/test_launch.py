"""Whole runs of the toy: training, testing, and what goes wrong."""

import json
import pickle
import socket
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from mmengine.fileio import load

from tests.engine.toy import write_config
from trimodal.engine.runner import (
    TestOptions,
    TrainOptions,
    test,
    train,
)
from trimodal.utils.config import ConfigError

ONE_EPOCH = "train_cfg['max_epochs'] = 1\n"


@pytest.fixture(scope='module')
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp('launch')


@pytest.fixture(scope='module')
def trained(folder: Path) -> tuple[str, Path, dict[str, Any]]:
    """Config, work folder and test metrics of a finished training."""
    config, work_dir = write_config(folder), folder / 'work'
    metrics = train(config, TrainOptions(work_dir=str(work_dir)))
    return config, work_dir, metrics


def threads() -> set[str]:
    """Names of the group's threads in this process, as the system sees."""
    names = {
        path.read_text().strip()
        for path in Path('/proc/self/task').glob('*/comm')
    }
    return {name for name in names if 'gloo' in name}


def validations(work_dir: Path) -> list[dict[str, float]]:
    (file,) = work_dir.glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [line for line in lines if 'accuracy/top1' in line]


def test_runs_of_one_second_keep_apart(tmp_path: Path, monkeypatch):
    """mmengine calls them alike: the config's name, and the second."""
    now = time.localtime()
    monkeypatch.setattr(time, 'localtime', lambda *seconds: now)
    config = write_config(tmp_path, 'fast', ONE_EPOCH)
    for name in ('first', 'second'):
        work_dir = tmp_path / name
        train(config, TrainOptions(work_dir=str(work_dir), test=False))
        assert len(validations(work_dir)) == 1
        (log,) = work_dir.glob('*/*.log')
        assert 'Saving checkpoint at 1 epochs' in log.read_text()


def test_training_ends_with_a_test_of_the_best(trained):
    _, work_dir, metrics = trained
    results = validations(work_dir)
    assert len(results) == 4
    best = max(range(4), key=lambda epoch: results[epoch]['accuracy/top1'])
    # The toy is tested on what it is validated on.
    assert metrics['accuracy/top1'] == results[best]['accuracy/top1']
    assert metrics['accuracy/sure'] == results[best]['accuracy/sure']
    name = f'best_accuracy_top1_epoch_{best + 1}.pth'
    assert (work_dir / name).is_file()
    log = next(work_dir.glob('*/*.log')).read_text()
    assert f'Tested {name}\n| metric ' in log
    assert ' WARNING ' not in log


def test_a_finished_run_is_only_tested_again(trained):
    """Of a resumed run, too, the averaged weights are tested."""
    config, work_dir, metrics = trained
    options = TrainOptions(work_dir=str(work_dir), resume='auto')
    assert train(config, options) == metrics


def test_checkpoints_need_no_allow_list(trained):
    _, work_dir, _ = trained
    content = torch.load(work_dir / 'epoch_4.pth', weights_only=True)
    assert content['meta']['epoch'] == 4
    assert (work_dir / 'last_checkpoint').read_text().endswith('epoch_4.pth')


@pytest.mark.parametrize('suffix', ['json', 'pkl'])
def test_test_writes_predictions_and_metrics(
    trained, tmp_path: Path, suffix: str
):
    config, work_dir, expected = trained
    out = tmp_path / 'new' / f'out.{suffix}'
    (best,) = work_dir.glob('best_*.pth')
    options = TestOptions(work_dir=str(tmp_path / 'test'), out=str(out))
    metrics = test(config, str(best), options)
    assert metrics == expected
    content = load(out)
    assert content['metrics'] == metrics
    predictions = content['predictions']
    assert len(predictions) == 10
    right = sum(
        int(p['pred_label'][0] == p['gt_label'][0]) for p in predictions
    )
    assert right / 10 == metrics['accuracy/top1']
    if suffix == 'json':
        assert len(predictions[0]['pred_score']) == 2
    log = next((tmp_path / 'test').glob('*/*.log')).read_text()
    assert '| accuracy/top1 ' in log


def test_subsets(trained, tmp_path: Path):
    config, work_dir, expected = trained
    (best,) = work_dir.glob('best_*.pth')
    options = TestOptions(work_dir=str(tmp_path), subsets=True)
    metrics = test(config, str(best), options)
    for key, value in expected.items():
        assert metrics[key] == metrics[f'a+b/{key}'] == value
        assert f'a/{key}' in metrics
        assert metrics[f'b/{key}'] != metrics[key] or key != 'accuracy/sure'
    log = next(tmp_path.glob('*/*.log')).read_text()
    assert 'modalities' in log


def test_tta(trained, tmp_path: Path):
    """Two equal variants of each sample give the result of one."""
    _, work_dir, expected = trained
    extra = (
        "tta_model = dict(type='TriModalTTAModel')\n"
        "tta_pipeline = 'twice'\n"
        "test_dataloader['dataset'] = dict(type='ToyDataset', size=10)\n"
    )
    config = write_config(tmp_path, 'tta', extra)
    (best,) = work_dir.glob('best_*.pth')
    options = TestOptions(work_dir=str(tmp_path / 'w'), tta=True)
    assert test(config, str(best), options) == expected


def test_fast_dev_run_touches_one_batch_and_saves_nothing(tmp_path: Path):
    config = write_config(tmp_path)
    work_dir = tmp_path / 'work'
    options = TrainOptions(work_dir=str(work_dir), fast_dev_run=True)
    metrics = train(config, options)
    assert set(metrics) == {'accuracy/top1', 'accuracy/sure'}
    assert not list(work_dir.rglob('*.pth'))
    assert [path.name for path in work_dir.iterdir()] == ['fast_dev_run']
    log = next(work_dir.rglob('*.log')).read_text()
    assert 'Epoch(train) [1][1/1]' in log
    assert 'Epoch(val) [1][1/1]' in log
    assert 'Epoch(test) [1/1]' in log
    assert 'Tested the weights in memory' in log


def test_options_reach_the_run(tmp_path: Path):
    """One epoch with all of them; batch 4 is twice the base size."""
    work_dir = tmp_path / 'work'
    options = TrainOptions(
        work_dir=str(work_dir),
        amp=True,
        auto_scale_lr=True,
        seed=5,
        deterministic=True,
        debug=True,
        test=False,
    )
    config = write_config(tmp_path, 'all', ONE_EPOCH)
    assert train(config, options) == {}
    assert not torch.is_anomaly_enabled()
    content = torch.load(work_dir / 'epoch_1.pth')
    assert content['meta']['seed'] == 5
    assert content['optimizer']['loss_scaler'] == {}
    assert content['param_schedulers'][0]['base_values'] == [0.1]
    assert torch.are_deterministic_algorithms_enabled()
    log = next(work_dir.glob('*/*.log')).read_text()
    assert 'Epoch(test)' not in log


def test_amp_changes_the_numbers(tmp_path: Path):
    losses = []
    for amp in (False, True):
        config = write_config(tmp_path, f'amp{amp}', ONE_EPOCH)
        work_dir = tmp_path / str(amp)
        options = TrainOptions(work_dir=str(work_dir), amp=amp, test=False)
        train(config, options)
        history = torch.load(work_dir / 'epoch_1.pth')['message_hub']
        losses.append(history['log_scalars']['train/loss']['log_history'])
    assert not torch.equal(*losses)
    torch.testing.assert_close(*losses, rtol=0.1, atol=0.1)


@pytest.mark.parametrize(
    ('extra', 'message'),
    [
        ("model = dict(type='ToyModle')\n", "Did you mean 'ToyModel'"),
        ("model = dict(type='ToyModel', widht=1)\n", 'widht'),
        ("train_dataloader['dataset']['sise'] = 1\n", 'sise'),
        ("optim_wrapper['optimizer']['type'] = 'Adamw'\n", 'AdamW'),
        ("test_evaluator = dict(type='ToyAccurac')\n", 'ToyAccuracy'),
        (
            'train_dataloader.update(batch_size=999, drop_last=True)\n',
            'gives no batch: .* smaller batch_size',
        ),
        (  # what a hook finds when training begins
            "custom_hooks = [dict(type='SWAHook', begin_epoch=9)]\n",
            'begin_epoch must be below the number of epochs',
        ),
    ],
)
def test_wrong_configs_give_one_line(tmp_path: Path, extra: str, message: str):
    config = write_config(tmp_path, 'wrong', extra)
    options = TrainOptions(work_dir=str(tmp_path / 'work'))
    with pytest.raises(ConfigError, match=message) as error:
        train(config, options)
    assert '\n' not in str(error.value)


class Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.mkdir, (self.path,)


def test_wrong_checkpoints_give_one_line(trained, tmp_path: Path):
    config, work_dir, _ = trained
    options = TestOptions(work_dir=str(tmp_path / 'work'))
    (best,) = work_dir.glob('best_*.pth')
    content = torch.load(best)
    del content['state_dict']['head.weight']
    lacking = tmp_path / 'lacking.pth'
    torch.save(content, lacking)
    with pytest.raises(ConfigError, match=r'another model.*lacks head\.wei'):
        test(config, str(lacking), options)
    content['state_dict']['head.weight'] = torch.zeros(3, 8)
    torch.save(content, lacking)
    with pytest.raises(ConfigError, match=r'differs in head\.weight'):
        test(config, str(lacking), options)
    evil = tmp_path / 'evil.pth'
    torch.save({'state_dict': Evil(tmp_path / 'ran')}, evil)
    with pytest.raises(ConfigError, match='which could run code') as error:
        test(config, str(evil), options)
    assert '\n' not in str(error.value)
    assert isinstance(error.value, pickle.UnpicklingError)
    assert not (tmp_path / 'ran').exists()


@pytest.mark.skipif(
    not Path('/proc/self/task').is_dir(), reason='needs the proc file system'
)
def test_the_threads_of_a_process_group_end_with_it(
    folder: Path, monkeypatch, tmp_path: Path
):
    """One left running may abort the process when the interpreter ends."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = str(free.getsockname()[1])
    group = dict(RANK='0', LOCAL_RANK='0', WORLD_SIZE='1', MASTER_PORT=port)
    for name, value in {**group, 'MASTER_ADDR': '127.0.0.1'}.items():
        monkeypatch.setenv(name, value)
    options = TrainOptions(work_dir=str(tmp_path), launcher='pytorch')
    assert train(write_config(folder, 'group', ONE_EPOCH), options)
    assert not dist.is_initialized()
    assert not threads()
