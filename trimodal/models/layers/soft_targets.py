"""Targets of classification in one form."""

import torch.nn.functional as F
from torch import Tensor


def class_shares(target: Tensor, num_classes: int) -> Tensor:
    """What each class's share of a target is.

    Args:
        target (Tensor): int64 ``[N]``, classes, or float ``[N, classes]``,
            shares.
        num_classes (int): Classes.

    Returns:
        Tensor: float32 ``[N, classes]``.
    """
    if target.is_floating_point():
        return target.float()
    return F.one_hot(target, num_classes).float()
