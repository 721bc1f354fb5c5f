"""The contract of losses finds what it is there to find."""

import pytest
import torch
from mmengine.dist import all_reduce
from torch import nn

from trimodal.registry import MODELS
from trimodal.testing import LossContract, check_loss, run_distributed


@MODELS.register_module()
class FaultyLoss(nn.Module):
    """Squared errors with a fault that can be chosen."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault = fault

    def forward(self, x, target):
        if self.fault == 'input':
            target.add_(1)
        x = x if self.fault == 'half' else x.float()
        errors = (x - target.to(x.dtype)).square()
        if self.fault == 'vector':
            return errors
        if self.fault == 'mean':
            return errors.mean()
        count = torch.tensor(float(len(x)))
        if self.fault != 'local':
            all_reduce(count, op='mean')
        count = count.clamp(min=0.5).to(x.dtype)
        if self.fault == 'detached' and not len(x):
            return torch.zeros(())
        return errors.sum() / count


def given() -> tuple:
    return torch.randn(6, 2), torch.randn(6, 2)


def contract(fault: str) -> LossContract:
    return LossContract({'type': 'FaultyLoss', 'fault': fault}, given, fault)


def test_a_sound_loss_passes():
    check_loss(contract(''))


@pytest.mark.parametrize(
    ('fault', 'message'),
    [
        ('vector', 'must be a scalar'),
        ('mean', None),
        ('half', 'torch.bfloat16'),
        ('detached', 'left out of the graph'),
        ('input', None),
    ],
)
def test_faults_are_found(fault, message):
    with pytest.raises(AssertionError, match=message):
        check_loss(contract(fault))


def test_means_of_one_process_are_found():
    faults = run_distributed([contract(''), contract('local')])
    assert set(faults) == {'local'}
