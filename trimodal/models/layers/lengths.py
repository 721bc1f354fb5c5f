"""Lengths of masked sequences, and sequences of a given length.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def spans(mask: Tensor) -> Tensor:
    """How many steps there are up to the last real one, holes included.

    Args:
        mask (Tensor): bool ``[B, T]``, True for real steps.

    Returns:
        Tensor: int64 ``[B]``; 0 where nothing is real.
    """
    steps = torch.arange(1, mask.shape[1] + 1, device=mask.device)
    return (steps * mask).amax(1)


def fit_steps(x: Tensor, size: int) -> Tensor:
    """Cut a padded sequence, or pad it with zeros, to a length.

    Args:
        x (Tensor): ``[B, T, ...]``.
        size (int): The length.

    Returns:
        Tensor: ``[B, size, ...]``.
    """
    if x.shape[1] >= size:
        return x[:, :size]
    return F.pad(x, [0, 0] * (x.dim() - 2) + [0, size - x.shape[1]])
