"""The suite finds what it is there to find."""

import pytest
import torch
from torch import nn

from trimodal.models import BaseFusion
from trimodal.registry import MODELS
from trimodal.structures import Fused
from trimodal.testing import Contract, stream_samples
from trimodal.testing.contracts import (
    check_contract,
    check_gradients,
    check_padding,
    check_subsets,
)

WIDTHS = {'a': 4, 'b': 4}


def samples() -> list:
    return stream_samples(WIDTHS)


@MODELS.register_module()
class FaultyFusion(BaseFusion):
    """A mean over streams with a fault that can be chosen."""

    def __init__(self, fault: str) -> None:
        super().__init__(tuple(WIDTHS), WIDTHS, 4)
        self.fault = fault
        self.linear = nn.Linear(4, 4)
        self.idle = nn.Linear(4, 4) if fault == 'idle' else None

    def fuse(self, streams):
        x = torch.cat([s.x for s in streams.values()], 1)
        mask = torch.cat([s.mask for s in streams.values()], 1)
        present = torch.stack([s.present for s in streams.values()], 1)
        count = mask.sum(1, keepdim=True).clamp(min=1)
        if self.fault == 'padding':
            count = torch.full_like(count, x.shape[1])
        elif self.fault == 'zeros':
            count = torch.ones_like(count)
        y = self.linear(x).masked_fill(~mask.unsqueeze(2), 0)
        bias = (
            0
            if self.fault != 'zeros'
            else self.linear.bias * mask.sum(1, keepdim=True)
        )
        pooled = (y.sum(1) - bias) / count
        weights = present.float() / present.sum(1, keepdim=True).clamp(min=1)
        if self.fault == 'weights':
            weights = torch.full_like(weights, 0.5)
        return Fused(y, mask, pooled, weights)


def contract(fault: str) -> Contract:
    return Contract({'type': 'FaultyFusion', 'fault': fault}, samples, fault)


def test_sound_part_passes():
    check_contract(contract('none'))


@pytest.mark.parametrize(
    ('fault', 'check', 'message'),
    [
        ('padding', check_padding, 'not close'),
        ('idle', check_gradients, 'left out of the graph'),
        ('weights', check_subsets, 'weighs nothing'),
        ('zeros', check_subsets, 'taken for zeros'),
    ],
)
def test_fault_is_found(fault, check, message):
    with pytest.raises(AssertionError, match=message):
        check(contract(fault))
