"""Contracts of the classification losses."""

import torch
from torch import Tensor

from trimodal.testing import LossContract


def classes() -> tuple[Tensor, Tensor]:
    return torch.randn(6, 3), torch.tensor([0, 2, 1, 1, 0, 2])


def shares() -> tuple[Tensor, Tensor]:
    return torch.randn(6, 3), torch.randn(6, 3).softmax(1)


WEIGHT = {'class_weight': (1.0, 2.0, 0.5)}
ENTROPY = {'type': 'CrossEntropyLoss', 'label_smoothing': 0.1}
BINARY = {'type': 'BinaryCrossEntropyLoss'}
FOCAL = {'type': 'FocalLoss'}
SOFTMAX = {'type': 'SoftmaxFocalLoss'}
OHEM = {'type': 'OHEMLoss', 'ratio': 0.5}

CONTRACTS = [
    *(
        LossContract(config, given, f'{config["type"]}-{given.__name__}')
        for config in (ENTROPY, BINARY, FOCAL, SOFTMAX, OHEM)
        for given in (classes, shares)
    ),
    LossContract({**ENTROPY, **WEIGHT}, classes, 'entropy-weighted'),
    LossContract({**ENTROPY, **WEIGHT}, shares, 'entropy-weighted-shares'),
    LossContract({**SOFTMAX, **WEIGHT}, shares, 'focal-weighted-shares'),
    LossContract({**BINARY, 'pos_weight': 3.0}, shares, 'binary-weighted'),
    LossContract(
        {**OHEM, 'loss': {**ENTROPY, **WEIGHT}}, classes, 'ohem-weighted'
    ),
]
