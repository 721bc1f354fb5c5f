"""Contracts of connectionist temporal classification."""

import torch
from torch import Tensor

from trimodal.testing import LossContract


def texts() -> tuple[Tensor, ...]:
    """One has too few steps, one no tokens."""
    targets = torch.tensor(
        [[1, 2, 2], [2, 1, 0], [1, 1, 1], [0, 0, 0], [2, 0, 0], [1, 2, 1]]
    )
    return (
        torch.randn(6, 5, 3).log_softmax(2),
        torch.tensor([5, 3, 4, 5, 1, 4]),
        targets,
        torch.tensor([3, 2, 3, 0, 1, 3]),
    )


CTC = {'type': 'CTCLoss'}

CONTRACTS = [
    LossContract(CTC, texts, 'ctc'),
    LossContract({**CTC, 'per_token': False}, texts, 'ctc-whole'),
]
