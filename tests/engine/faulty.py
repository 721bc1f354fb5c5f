"""A toy whose loss or gradient is not finite for some samples."""

from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from torch import Tensor, nn

from tests.engine.toy import ToyDataset, write_config
from trimodal.registry import DATASETS, HOOKS, MODELS


@DATASETS.register_module()
class FaultyDataset(ToyDataset):
    """Gives NaN for the samples in ``bad``; those in ``left_out`` are not."""

    def __init__(
        self, size: int = 12, bad: tuple = (), left_out: tuple = ()
    ) -> None:
        super().__init__(size, noise=0.0)
        self.bad = bad
        self.rows = [i for i in range(size) if i not in left_out]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        row = self.rows[index]
        sample = super().__getitem__(row)
        if row in self.bad:
            sample['inputs']['b'].fill_(torch.nan)
        return sample


@MODELS.register_module()
class FaultyModel(BaseModel):
    """A linear layer and a batch norm of either input.

    Args:
        fault: 'loss', 'inf' (with gradients that are finite), or 'gradient'
            (of a finite loss): what NaN in the second input leads to.
        dropout: Of the first.
    """

    def __init__(self, fault: str = 'loss', dropout: float = 0.0) -> None:
        super().__init__()
        self.fault = fault
        self.layers = nn.ModuleDict({m: nn.Linear(4, 2) for m in 'ab'})
        self.norms = nn.ModuleDict({m: nn.BatchNorm1d(2) for m in 'ab'})
        self.dropout = nn.Dropout(dropout)

    def init_weights(self) -> None:
        torch.manual_seed(0)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.3)

    def forward(
        self, inputs: Any, data_samples: Any, mode: str = 'tensor'
    ) -> dict[str, Tensor]:
        a, b = (torch.stack(inputs[m]) for m in 'ab')
        target = torch.cat([sample.gt_label for sample in data_samples])
        bad = bool(b.isnan().any())
        if self.fault != 'loss':
            b = b.nan_to_num()
        a = self.dropout(self.norms['a'](self.layers['a'](a)))
        b = self.norms['b'](self.layers['b'](b))
        other = nn.functional.cross_entropy(b, target)
        if bad and self.fault == 'inf':
            other = other + torch.inf
        if bad and self.fault == 'gradient':
            other = other + (0 * b).sqrt().sum()
        return {
            'a.loss_ce': nn.functional.cross_entropy(a, target),
            'b.loss_ce': other,
            'b.sure': b.mean() / 0,  # a statistic may be anything
        }


@HOOKS.register_module()
class StepsHook(Hook):
    """Notes the weights after each iteration."""

    priority = 100
    taken: list[dict[str, Tensor]] = []

    def before_train(self, runner: Any) -> None:
        self.taken.clear()
        self.after_train_iter(runner)

    def after_train_iter(self, runner: Any, *_: Any, **__: Any) -> None:
        state = runner.model.state_dict()
        self.taken.append({k: v.clone() for k, v in state.items()})


CONFIG = """
custom_imports = dict(
    imports=['trimodal', 'tests.engine.toy', 'tests.engine.faulty'],
    allow_failed_imports=False)
model = dict(type='FaultyModel')
train_dataloader['dataset'] = dict(type='FaultyDataset')
train_dataloader['sampler']['shuffle'] = False
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=0.1, weight_decay=0.1))
param_scheduler = None
custom_hooks = [dict(type='StepsHook')]
train_cfg = dict(by_epoch=True, max_epochs=1)
default_hooks['nonfinite'] = dict(type='NonFiniteHook')
val_cfg = val_dataloader = val_evaluator = None
test_cfg = test_dataloader = test_evaluator = None
"""


def write_faulty(folder: Path, name: str, extra: str = '') -> str:
    """Three batches of four samples; write the config, return its path."""
    return write_config(folder, name, CONFIG + extra)
