"""Contracts of the losses that aligners use."""

import torch
from torch import Tensor

from trimodal.testing import LossContract

PRESENT = [[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 0, 0], [1, 0, 1], [1, 1, 1]]


def vectors() -> tuple[Tensor, Tensor]:
    return torch.randn(6, 3, 4), torch.tensor(PRESENT).bool()


def sequences() -> tuple[Tensor, ...]:
    steps = torch.arange(5)
    rows = steps < torch.tensor([5, 3, 1, 0, 4, 2]).unsqueeze(1)
    columns = steps < torch.tensor([1, 3, 5, 2, 4, 4]).unsqueeze(1)
    return torch.randn(6, 5, 4), torch.randn(6, 5, 4), rows, columns


CONTRASTIVE = {'type': 'InfoNCELoss', 'channels': 4}
DTW = {'type': 'SoftDTWLoss', 'loss_weight': 0.5}

CONTRACTS = [
    LossContract(CONTRASTIVE, vectors, 'info-nce'),
    LossContract(
        {**CONTRASTIVE, 'similarity': 'mlp'}, vectors, 'info-nce-mlp'
    ),
    LossContract(DTW, sequences, 'soft-dtw', learned=(0, 1)),
    LossContract(
        {**DTW, 'divergence': False}, sequences, 'soft-dtw-alone', learned=(1,)
    ),
]
