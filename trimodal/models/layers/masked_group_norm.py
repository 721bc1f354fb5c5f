"""Group normalisation that padding does not change.

Shape letters: see :mod:`trimodal.structures.streams`; G groups of channels.
"""

import torch.nn.functional as F
from torch import Tensor, nn


def masked_group_norm(x: Tensor, mask: Tensor, norm: nn.GroupNorm) -> Tensor:
    """Normalise each sample by what its real steps are.

    From `Group Normalization <https://arxiv.org/abs/1803.08494>`_: mean and
    variance of a group of channels over all real steps of the sample, as if
    the others were not there.

    Args:
        x (Tensor): float ``[B, C, T]``.
        mask (Tensor): bool ``[B, T]``, True for real steps.
        norm (nn.GroupNorm): Number of groups, weights and epsilon.

    Returns:
        Tensor: float ``[B, C, T]``; masked steps hold no meaning.
    """
    # torch refuses a group of one value.
    if x[0].numel() > norm.num_groups and bool(mask.all()):
        return F.group_norm(
            x, norm.num_groups, norm.weight, norm.bias, norm.eps
        )
    hidden = ~mask[:, None, None]
    groups = x.unflatten(1, (norm.num_groups, -1)).float()
    count = mask.sum(1).clamp(min=1).view(-1, 1, 1, 1) * groups.shape[2]
    mean = groups.masked_fill(hidden, 0).sum((2, 3), keepdim=True) / count
    centred = (groups - mean).masked_fill(hidden, 0)
    variance = centred.square().sum((2, 3), keepdim=True) / count
    centred = (centred * (variance + norm.eps).rsqrt()).flatten(1, 2)
    y = centred * norm.weight.unsqueeze(1) + norm.bias.unsqueeze(1)
    return y.to(x.dtype)
