"""The contract of heads finds what it is there to find."""

import pytest
import torch
from mmengine.dist import all_reduce
from torch import nn

from trimodal.models import BaseHead
from trimodal.models.layers import connect, masked_mean
from trimodal.registry import MODELS
from trimodal.testing import HeadContract, check_head, run_distributed


@MODELS.register_module()
class FaultyHead(BaseHead):
    """A number a sample, to be its class, with a fault that can be chosen."""

    def __init__(self, fault: str, in_channels: int = 12) -> None:
        super().__init__(in_channels)
        self.fault = fault
        self.linear = nn.Linear(in_channels, 1)
        self.idle = nn.Linear(1, 1) if fault == 'idle' else None

    def forward(self, fused):
        if self.fault == 'padding':
            return self.linear(fused.tokens.mean(1)).squeeze(1)
        if self.fault == 'fusion':
            mean = masked_mean(fused.tokens, fused.mask, 1)
            return self.linear(mean).squeeze(1)
        if self.fault == 'neighbour':
            pooled = fused.pooled - fused.pooled.mean(0, keepdim=True)
            return self.linear(pooled).squeeze(1)
        return self.linear(fused.pooled).squeeze(1)

    def loss(self, fused, data_samples):
        rows = [i for i, s in enumerate(data_samples) if 'gt_label' in s]
        labels = [float(data_samples[i].gt_label) for i in rows]
        if self.fault == 'graph' and not rows:
            return {'loss_mean': fused.pooled.sum() * 0}
        errors = (self(fused)[rows].float() - torch.tensor(labels)).square()
        count = torch.tensor(float(len(rows)))
        if self.fault != 'local':
            all_reduce(count, op='mean')
        count = count if self.fault == 'nan' else count.clamp(min=0.5)
        loss = connect(errors.sum() / count, self.linear)
        if self.fault == 'vector':
            return {'loss_mean': errors}
        if self.fault == 'unannotated' and not rows:
            loss = loss + 1
        if self.fault == 'input':
            data_samples[0].set_pred_value(0.0)
        losses = {'mean' if self.fault == 'name' else 'loss_mean': loss}
        if self.fault == 'statistic':
            losses['mean'] = errors.sum()
        return losses

    def predict(self, fused, data_samples):
        values = self(fused).float()
        made = [] if self.fault != 'none' or data_samples else [None]
        for sample, value in zip(data_samples, values, strict=True):
            copy = sample if self.fault == 'place' else sample.new()
            if self.fault != 'some' or 'gt_label' in sample:
                copy.set_pred_value(value)
            made.append(copy)
        return made


def contract(fault: str) -> HeadContract:
    return HeadContract({'type': 'FaultyHead', 'fault': fault}, id=fault)


def test_a_sound_head_passes():
    check_head(contract(''))


@pytest.mark.parametrize(
    ('fault', 'message'),
    [
        ('padding', 'not close'),
        ('neighbour', 'pred_value: .* not close'),
        ('nan', 'nan'),
        ('graph', 'left out of the graph'),
        ('fusion', 'pooled is left out of the graph'),
        ('vector', 'must be a scalar'),
        ('name', 'no loss'),
        ('statistic', 'mean has a gradient'),
        ('idle', 'idle.weight is left out'),
        ('unannotated', 'without annotations'),
        ('input', None),
        ('place', None),
        ('some', None),
        ('none', 'of no samples'),
    ],
)
def test_faults_are_found(fault, message):
    with pytest.raises(AssertionError, match=message):
        check_head(contract(fault))


def test_means_of_one_process_are_found():
    faults = run_distributed([contract(''), contract('local')])
    assert set(faults) == {'local'}
    assert 'gradients of two processes differ' in faults['local']
