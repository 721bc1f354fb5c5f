"""A data set, a model and a config that train in a second."""

import os
import random
import signal
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from torch import Tensor, nn
from torch.utils.data import Dataset

from trimodal.registry import DATASETS, HOOKS, METRICS, MODELS
from trimodal.structures import TriModalDataSample


@DATASETS.register_module()
class ToyDataset(Dataset):
    """Two modalities of 4 numbers, with noise by (seed, epoch, index)."""

    def __init__(
        self, size: int = 24, noise: float = 0.1, pipeline: Any = None
    ) -> None:
        self.size, self.noise, self.pipeline = size, noise, pipeline
        self.metainfo = {'classes': ('no', 'yes')}
        self.epoch = torch.zeros(1, dtype=torch.int64).share_memory_()

    def set_epoch(self, epoch: int) -> None:
        self.epoch.fill_(epoch)

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> dict[str, Any]:
        epoch = getattr(index, 'epoch', None)
        epoch = int(self.epoch) if epoch is None else epoch
        rng = np.random.default_rng((0, epoch, index))
        label = index % 2
        x = np.random.default_rng(index).normal(size=(2, 4)) + label
        x = x + self.noise * rng.normal(size=x.shape)
        a, b = torch.from_numpy(x).float()
        meta = {'sample_id': f'toy_{index}', 'sample_idx': index}
        sample = TriModalDataSample(metainfo=meta).set_gt_label(label)
        inputs = {'a': a, 'b': b}
        if self.pipeline == 'twice':  # as test-time augmentation does
            samples = [sample, sample.clone()]
            return {'inputs': [inputs, inputs], 'data_samples': samples}
        return {'inputs': inputs, 'data_samples': sample}


@MODELS.register_module()
class ToyModel(BaseModel):
    """Linear encoders; its loss draws from every random generator."""

    def __init__(self, chance: float = 1.0) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict({m: nn.Linear(4, 8) for m in 'ab'})
        self.norm = nn.BatchNorm1d(8) if chance else nn.Identity()
        self.dropout = nn.Dropout(0.5 * chance)
        self.head = nn.Linear(8, 2)
        self.chance = chance
        self.modalities = ('a', 'b')
        self.enabled_modalities: tuple[str, ...] = ('a', 'b')

    def init_weights(self) -> None:
        torch.manual_seed(0)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.3)

    def forward(
        self,
        inputs: dict[str, list[Tensor]],
        data_samples: list[TriModalDataSample],
        mode: str = 'tensor',
    ) -> Any:
        x = sum(
            self.encoders[m](torch.stack(inputs[m]))
            for m in self.enabled_modalities
        )
        scores = self.head(self.dropout(self.norm(x)))
        if mode == 'predict':
            torch.rand(7), np.random.random(), random.random()
            for sample, score in zip(data_samples, scores, strict=True):
                sample.set_pred_score(score.float().softmax(0))
            return data_samples
        target = torch.cat([sample.gt_label for sample in data_samples])
        drawn = self.chance * (random.random() + np.random.random())
        loss = nn.functional.cross_entropy(scores, target)
        return {'cls.loss_ce': loss * (1 + 0.1 * drawn)}


@METRICS.register_module()
class ToyAccuracy(BaseMetric):
    """Share of right answers, and how sure they were."""

    default_prefix = 'accuracy'

    def process(self, data_batch: Any, data_samples: Any) -> None:
        for sample in data_samples:
            label = int(sample['gt_label'])
            right = float(int(sample['pred_label']) == label)
            self.results.append((right, float(sample['pred_score'][label])))

    def compute_metrics(self, results: list) -> dict[str, float]:
        right, sure = np.mean(results, axis=0)
        return {'top1': float(right), 'sure': float(sure)}


class Killed(Exception):
    """Stands for a kill, inside one process."""


@HOOKS.register_module()
class KillHook(Hook):
    """Ends the run in a stage of an epoch, from an iteration on."""

    def __init__(
        self,
        stage: str,
        epoch: int,
        iteration: int = 0,
        priority: Any = 100,
        real: bool = False,
        rank: int | None = None,
    ) -> None:
        self.epoch, self.iteration = epoch, iteration
        self.priority, self.real, self.rank = priority, real, rank
        setattr(self, stage, self._kill)

    def _kill(self, runner: Any, **_: Any) -> None:
        if runner.epoch != self.epoch or runner.iter < self.iteration:
            return
        if self.rank not in (None, runner.rank):
            return
        if self.real:
            os.kill(os.getpid(), signal.SIGKILL)
        raise Killed('by hand')


CONFIG = """
_base_ = ['{root}/configs/_base_/default_runtime.py']
custom_imports = dict(
    imports=['trimodal', 'tests.engine.toy'], allow_failed_imports=False)
model = dict(type='ToyModel')
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='ToyDataset'))
val_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='ToyDataset', size=10))
test_dataloader = val_dataloader
val_evaluator = dict(type='ToyAccuracy')
test_evaluator = val_evaluator
optim_wrapper = dict(optimizer=dict(type='AdamW', lr=0.05))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, end=2, by_epoch=False),
    dict(type='CosineAnnealingLR', T_max=4, by_epoch=True,
         convert_to_iter_based=True)]
train_cfg = dict(by_epoch=True, max_epochs=4, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=2, enable=False)
custom_hooks = [dict(type='EMAHook', momentum=0.1)]
# Pictures take longer than everything else here.
default_hooks = dict(logger=dict(interval=2), report=dict(formats=()))
visualizer = dict(vis_backends=[dict(type='LocalVisBackend')])
"""


def write_config(folder: Path, name: str = 'toy', extra: str = '') -> str:
    """Write the config above, plus ``extra`` lines, and return its path."""
    root = Path(__file__).parents[2]
    path = folder / f'{name}.py'
    path.write_text(CONFIG.format(root=root) + extra)
    return str(path)
