"""Targets are measured on the training set, once, before training."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from torch.utils.data import ConcatDataset

from tests.engine.tiny_fusion import write_fusion
from tests.engine.toy import ToyDataset
from trimodal.engine.hooks.target_statistics_hook import targets_of
from trimodal.engine.runner import TrainOptions, train
from trimodal.registry import DATASETS, MODELS

SIZE = 24


@DATASETS.register_module()
class ToyNumbers(ToyDataset):
    """A number a sample, every fourth of which is unknown."""

    def __init__(
        self, size: int = SIZE, offset: float = 100.0, pipeline: Any = None
    ) -> None:
        super().__init__(size, pipeline=pipeline)
        self.offset = offset

    def gt_values(self) -> np.ndarray:
        values = self.offset + 10.0 * np.arange(self.size)
        values[::4] = np.nan
        return values[:, None]

    def __getitem__(self, index: int) -> dict[str, Any]:
        item = super().__getitem__(index)
        if index % 4:
            item['data_samples'].set_gt_value(self.gt_values()[index])
        return item


REGRESSION = """
custom_imports['imports'] += [
    'tests.engine.hooks.test_target_statistics_hook']
model['heads'] = dict(reg=dict(type='RegHead', in_channels=8))
train_dataloader['dataset'] = dict(type='ToyNumbers')
val_dataloader['dataset'] = dict(type='ToyNumbers', size=10, offset=-5.0)
test_dataloader = val_dataloader
val_evaluator = dict(type='RegressionMetric')
test_evaluator = val_evaluator
default_hooks['checkpoint'] = dict(
    save_best='regression/mae', rule='less', max_keep_ckpts=9)
custom_hooks = [dict(type='EMAHook', momentum=0.5)]
"""


def run(folder: Path, name: str, extra: str = '', **options) -> Path:
    config = write_fusion(folder, name, REGRESSION + extra)
    work_dir = folder / name
    train(config, TrainOptions(work_dir=str(work_dir), test=False, **options))
    return work_dir


def statistics(checkpoint: Path, key: str = 'state_dict') -> list[float]:
    state = torch.load(checkpoint)[key]
    prefix = '' if key == 'state_dict' else 'module.'
    return [
        state[f'{prefix}heads.reg.targets.{name}'].item()
        for name in ('mean', 'std')
    ]


def test_by_config_alone(tmp_path: Path):
    known = ToyNumbers().gt_values()
    want = [np.nanmean(known), np.nanstd(known)]
    folder = run(tmp_path, 'auto')
    for epoch in (1, 4):
        for key in ('state_dict', 'ema_state_dict'):
            path = folder / f'epoch_{epoch}.pth'
            assert statistics(path, key) == pytest.approx(want)
    model = MODELS.build(Config.fromfile(tmp_path / 'auto.py').model)
    model.load_state_dict(torch.load(folder / 'epoch_4.pth')['state_dict'])
    x = [ToyNumbers()[i]['inputs'] for i in range(4)]
    inputs = {name: [row[name] for row in x] for name in 'ab'}
    batch = model.eval().data_preprocessor({'inputs': inputs}, False)
    values = [s.pred_value.item() for s in model(**batch, mode='predict')]
    # In the unit of the targets, far from that of a network's outputs.
    assert 100 < np.mean(values) < 330


def test_given_numbers_stay(tmp_path: Path):
    # The wrong mean makes targets large, so steps must be small.
    extra = (
        "model['heads']['reg'].update(mean=7.0)\n"
        "optim_wrapper['optimizer']['lr'] = 1e-6\n"
    )
    folder = run(tmp_path, 'given', extra)
    mean, std = statistics(folder / 'epoch_1.pth')
    assert mean == 7.0
    assert std == pytest.approx(np.nanstd(ToyNumbers().gt_values()))


def test_what_a_checkpoint_brings_stays(tmp_path: Path):
    first = run(tmp_path, 'first') / 'epoch_4.pth'
    extra = (
        f'load_from = {str(first)!r}\n'
        "train_dataloader['dataset']['offset'] = 9999.0\n"
        "optim_wrapper['optimizer']['lr'] = 1e-9\n"
    )
    second = run(tmp_path, 'second', extra) / 'epoch_1.pth'
    assert statistics(second) == statistics(first)


def test_a_data_set_that_does_not_tell(tmp_path: Path):
    extra = "train_dataloader['dataset'] = dict(type='ToyDataset')\n"
    with pytest.raises(ValueError, match=r'ToyDataset has no gt_values\(\)'):
        run(tmp_path, 'silent', extra)


def test_wrappers_count_each_sample_once():
    first, second = ToyNumbers(4), ToyNumbers(3, offset=0.0)
    want = np.concatenate([first.gt_values(), second.gt_values()])
    repeated = SimpleNamespace(dataset=second, times=5)
    both = SimpleNamespace(datasets=[first, repeated])
    np.testing.assert_array_equal(targets_of(both), want)


def test_one_without_targets_among_others():
    class Bare(ToyNumbers):
        def gt_values(self) -> np.ndarray:
            return np.empty((self.size, 0))

    values = targets_of(ConcatDataset([Bare(2), ToyNumbers(2)]))
    np.testing.assert_array_equal(values, [[np.nan]] * 3 + [[110.0]])
