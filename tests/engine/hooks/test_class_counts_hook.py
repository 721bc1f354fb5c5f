"""Classes are counted on the training set, before training."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from tests.engine.tiny_fusion import write_fusion
from tests.engine.toy import ToyDataset
from trimodal.engine.hooks import ClassCountsHook
from trimodal.engine.runner import TrainOptions, train
from trimodal.models import CrossEntropyLoss
from trimodal.registry import DATASETS
from trimodal.utils.config import ConfigError

SIZE = 12


@DATASETS.register_module()
class ToyRare(ToyDataset):
    """Three samples of class 1, one without a class, the others of 0."""

    def __init__(self, size: int = SIZE, pipeline: Any = None) -> None:
        super().__init__(size, pipeline=pipeline)

    def gt_labels(self) -> np.ndarray:
        labels = np.zeros(self.size, np.int64)
        labels[:3] = 1
        labels[3] = -1
        return labels

    def __getitem__(self, index: int) -> dict[str, Any]:
        item = super().__getitem__(index)
        label = self.gt_labels()[index]
        del item['data_samples'].gt_label
        if label >= 0:
            item['data_samples'].set_gt_label(label)
        return item


BALANCED = """
custom_imports['imports'] += ['tests.engine.hooks.test_class_counts_hook']
model['heads']['cls']['loss'] = dict(
    type='CrossEntropyLoss', class_weight='balanced')
train_dataloader['dataset'] = dict(type='ToyRare')
custom_hooks = [dict(type='EMAHook', momentum=0.5)]
default_hooks['checkpoint'] = dict(max_keep_ckpts=9)
"""
KEY = 'heads.cls.loss_module.class_weight.value'


def run(folder: Path, name: str, extra: str = '', **options) -> Path:
    config = write_fusion(folder, name, BALANCED + extra)
    work_dir = folder / name
    train(config, TrainOptions(work_dir=str(work_dir), test=False, **options))
    return work_dir


def test_by_config_alone(tmp_path: Path):
    labels = ToyRare().gt_labels()
    want = compute_class_weight(
        'balanced', classes=np.arange(2), y=labels[labels >= 0]
    )
    state = torch.load(run(tmp_path, 'balanced') / 'epoch_1.pth')
    weights = [
        state['state_dict'][KEY],
        state['ema_state_dict'][f'module.{KEY}'],
    ]
    for weight in weights:
        torch.testing.assert_close(weight, torch.from_numpy(want).float())


def test_other_data_is_counted_anew(tmp_path: Path):
    first = run(tmp_path, 'first') / 'epoch_1.pth'
    extra = (
        f'load_from = {str(first)!r}\n'
        "train_dataloader['dataset']['size'] = 7\n"
    )
    state = torch.load(run(tmp_path, 'second', extra) / 'epoch_1.pth')
    assert state['state_dict'][KEY].tolist() == [1, 1]


def test_a_data_set_that_does_not_tell(tmp_path: Path):
    extra = "train_dataloader['dataset'] = dict(type='ToyDataset')\n"
    with pytest.raises(ConfigError, match='does not tell its labels'):
        run(tmp_path, 'silent', extra)


def test_a_data_set_without_labels():
    loss = CrossEntropyLoss(class_weight='balanced')
    data = SimpleNamespace(dataset=ToyRare(0))
    data.dataset.gt_labels = lambda: np.full(0, -1)
    runner: Any = SimpleNamespace(model=loss, train_dataloader=data)
    with pytest.raises(ValueError, match=r'no sample .* has one'):
        ClassCountsHook().before_train(runner)


def test_without_such_a_loss_nothing_is_read():
    runner: Any = SimpleNamespace(model=CrossEntropyLoss())
    ClassCountsHook().before_train(runner)
