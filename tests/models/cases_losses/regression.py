"""Contracts of the losses of regression."""

import torch
from torch import Tensor

from trimodal.testing import LossContract


def values() -> tuple[Tensor, Tensor]:
    """Two values a sample, some of them not annotated."""
    target = torch.randn(6, 2)
    target[1, 0] = target[4, 1] = target[5] = float('nan')
    return torch.randn(6, 2), target


CONTRACTS = [
    LossContract({'type': 'MSELoss'}, values, 'mse'),
    LossContract({'type': 'L1Loss', 'loss_weight': 0.5}, values, 'l1'),
    LossContract({'type': 'HuberLoss', 'delta': 0.5}, values, 'huber'),
]
