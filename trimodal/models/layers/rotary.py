"""Rotary positions: how far apart two steps are, inside attention.

Shape letters: see :mod:`trimodal.structures.streams`; D channels of a head.
"""

import math

import torch
from torch import Tensor


def rotate(x: Tensor) -> Tensor:
    """Turn pairs of channels by an angle that grows with the step.

    From `RoFormer <https://arxiv.org/abs/2104.09864>`_: channels i and
    ``i + D / 2`` of step t, as a complex number, are multiplied by ``exp(j t
    / 10000^(2i / D))``. The product of two turned vectors depends on where
    their steps stand only by the difference. The paper pairs neighbouring
    channels, which is the same in another order.

    Args:
        x (Tensor): float ``[..., T, D]``, queries or keys; D even.

    Returns:
        Tensor: float ``[..., T, D]``.
    """
    steps, dims = x.shape[-2:]
    pairs = torch.arange(0, dims, 2, device=x.device)
    rates = torch.exp(pairs * (-math.log(10000.0) / dims))
    angles = torch.arange(steps, device=x.device).unsqueeze(1) * rates
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    real, imaginary = x.chunk(2, dim=-1)
    return torch.cat(
        [
            real * cos - imaginary * sin,
            real * sin + imaginary * cos,
        ],
        dim=-1,
    )
