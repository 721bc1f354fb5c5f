"""A tiny model with two tasks, for weightings of several tasks."""

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from tests.engine.tiny_fusion import ToyEncoder, ToyPreprocessor
from trimodal.models import BaseHead, BaseObjective, TriModalFusionModel
from trimodal.registry import MODELS
from trimodal.structures import TriModalDataSample

__all__ = ['ToyEncoder', 'ToyPreprocessor']

NAMES = ('a', 'b')
WEIGHTINGS: dict[str, dict[str, Any]] = {
    'fixed': {'type': 'FixedWeights', 'weights': {'cls': 0.5, 'value': 2.0}},
    'uncertainty': {
        'type': 'UncertaintyWeights',
        'tasks': ('cls', 'value'),
        'factors': {'cls': 2.0},
    },
    'grad_norm': {'type': 'GradNorm', 'tasks': ('cls', 'value')},
    'pc_grad': {'type': 'PCGrad', 'tasks': ('cls', 'value')},
}


@MODELS.register_module()
class ToyValueHead(BaseHead):
    """Regression of ``gt_value``; in the toy data set, of the label.

    Args:
        in_channels (int): Channels of what was fused.
        every (int | None): Of so many samples of the toy data set, one lacks
            the value. Defaults to None: ``gt_value`` is read.
    """

    def __init__(self, in_channels: int, every: int | None = None) -> None:
        super().__init__(in_channels)
        self.every = every
        self.linear = nn.Linear(in_channels, 1)

    def forward(self, fused: Any) -> Tensor:
        return self.linear(fused.pooled).squeeze(1).float()

    def loss(self, fused: Any, data_samples: Any) -> dict[str, Tensor]:
        known = [self._value(sample) for sample in data_samples]
        mask = torch.tensor([value is not None for value in known])
        target = torch.tensor([value or 0.0 for value in known])
        errors = (self(fused) - target) * mask
        count = mask.sum().float()
        all_reduce(count, op='mean')
        count = count.clamp(min=0.5)
        # Two losses: a task's is their sum.
        return {
            'loss_square': errors.square().sum() / count,
            'loss_size': 0.1 * errors.abs().sum() / count,
        }

    def _value(self, sample: TriModalDataSample) -> float | None:
        if self.every is None:
            return float(sample.gt_value) if 'gt_value' in sample else None
        if sample.sample_idx % self.every == 0:
            return None
        return 3.0 * float(sample.gt_label) - 1

    def predict(self, fused: Any, data_samples: Any) -> list:
        return [sample.new() for sample in data_samples]


def make(
    *weightings: str | Mapping | BaseObjective, **changes: Any
) -> TriModalFusionModel:
    """The model with weightings, always with the same weights."""
    parts = [
        WEIGHTINGS.get(item, item) if isinstance(item, str) else item
        for item in weightings
    ]
    torch.manual_seed(0)
    settings: dict[str, Any] = {
        'type': 'TriModalFusionModel',
        'encoders': {name: {'type': 'ToyEncoder'} for name in NAMES},
        'fusion': {
            'type': 'ConcatFusion',
            'modalities': NAMES,
            'in_channels': 8,
            'out_channels': 8,
        },
        'heads': {
            'cls': {'type': 'ClsHead', 'num_classes': 2, 'in_channels': 8},
            'value': {'type': 'ToyValueHead', 'in_channels': 8},
        },
        'data_preprocessor': {
            'type': 'TriModalDataPreprocessor',
            'modalities': {
                name: {'type': 'ToyPreprocessor'} for name in NAMES
            },
        },
    }
    settings['objectives'] = {str(i): part for i, part in enumerate(parts)}
    return MODELS.build({**settings, **changes})


def batch(
    labels: list[int | None], values: list[float | None], seed: int = 0
) -> dict:
    """A batch as a loader gives it: what is None is not annotated."""
    generator = torch.Generator().manual_seed(seed)
    samples = []
    for label, value in zip(labels, values, strict=True):
        sample = TriModalDataSample()
        if label is not None:
            sample.set_gt_label(label)
        if value is not None:
            sample.gt_value = torch.tensor([value])
        samples.append(sample)
    inputs = {
        name: list(torch.randn(len(samples), 4, generator=generator))
        for name in NAMES
    }
    return {'inputs': inputs, 'data_samples': samples}


def part(data: dict, rows: slice) -> dict:
    """Some samples of a batch."""
    inputs = {name: rows_of[rows] for name, rows_of in data['inputs'].items()}
    return {'inputs': inputs, 'data_samples': data['data_samples'][rows]}


def losses_of(model: TriModalFusionModel, data: dict) -> dict[str, Tensor]:
    """What a training step gets."""
    return model(**model.data_preprocessor(data, True), mode='loss')
