"""Contracts of the classification losses."""

import torch
from torch import Tensor

from trimodal.testing import LossContract


def classes() -> tuple[Tensor, Tensor]:
    return torch.randn(6, 3), torch.tensor([0, 2, 1, 1, 0, 2])


ENTROPY = {'type': 'CrossEntropyLoss', 'label_smoothing': 0.1}

CONTRACTS = [
    LossContract(ENTROPY, classes, 'cross-entropy'),
    LossContract(
        {**ENTROPY, 'class_weight': (1.0, 2.0, 0.5)},
        classes,
        'cross-entropy-weighted',
    ),
]
