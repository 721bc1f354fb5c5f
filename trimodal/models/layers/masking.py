"""Sums over what is there: masked means and softmaxes that never give NaN.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

import torch
from torch import Tensor, nn


def masked_mean(x: Tensor, mask: Tensor, dim: int) -> Tensor:
    """The mean of ``x`` over the entries of ``dim`` where ``mask`` is True.

    Args:
        x (Tensor): float ``[..., C]``.
        mask (Tensor): bool, the shape of ``x`` without its last dimension.
        dim (int): The dimension, counted from the front.

    Returns:
        Tensor: ``x`` without ``dim``; zero where nothing is real.
    """
    kept = x * mask.unsqueeze(-1)
    # bfloat16 cannot count beyond 256.
    total = kept.sum(dim, dtype=torch.float32)
    count = mask.unsqueeze(-1).sum(dim).clamp(min=1)
    return (total / count).to(x.dtype)


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the last dimension, among the entries of ``mask`` only.

    Args:
        scores (Tensor): float ``[..., N]``.
        mask (Tensor): bool ``[..., N]``.

    Returns:
        Tensor: float, the shape of ``scores``; 0 where masked. A row without
        any real entry is all zero, and so is its gradient.
    """
    # A row of nothing but -inf is NaN forwards or backwards: open it, then
    # erase it.
    opened = mask | ~mask.any(-1, keepdim=True)
    weights = scores.masked_fill(~opened, float('-inf')).softmax(-1)
    return weights.masked_fill(~mask, 0)


def connect(x: Tensor, module: nn.Module) -> Tensor:
    """Add nothing to ``x``, but make it depend on all of ``module``.

    A process whose batch lacks a modality would leave that encoder out of its
    graph, and ``DistributedDataParallel`` would wait for gradients forever.

    Args:
        x (Tensor): Any float tensor.
        module (nn.Module): Its trainable parameters get a zero gradient.

    Returns:
        Tensor: ``x``.
    """
    parts = [
        parameter.flatten()[0]
        for parameter in module.parameters()
        if parameter.requires_grad and parameter.numel()
    ]
    return x + 0 * torch.stack(parts).sum().to(x.dtype) if parts else x


def connect_tensors(x: Tensor, *others: Tensor) -> Tensor:
    """Add nothing to ``x``, but make it depend on other tensors.

    A head that does not look at all of what was fused would leave out
    parameters that work on the rest alone; see :func:`connect`.

    Args:
        x (Tensor): Any float tensor.
        *others (Tensor): Each gets a gradient of zero, whatever its values.

    Returns:
        Tensor: ``x``.
    """
    for other in others:
        # Not a single value of it is read.
        x = x + other[:0].sum().to(x.dtype)
    return x
