"""From padded sequences to their real steps and back.

Shape letters: see :mod:`trimodal.structures.streams`; M real steps of all
sequences together.
"""

import torch.nn.functional as F
from torch import Tensor


def take_real(x: Tensor, mask: Tensor) -> Tensor:
    """The real steps of all sequences, one after the other.

    The same as ``x[mask]``, but with a backward pass that does not sort.

    Args:
        x (Tensor): ``[B, T, ...]``.
        mask (Tensor): bool ``[B, T]``, True for real steps.

    Returns:
        Tensor: ``[M, ...]``.
    """
    return x.flatten(0, 1).index_select(0, _real(mask))


def put_real(steps: Tensor, mask: Tensor) -> Tensor:
    """Put steps back where :func:`take_real` has them from.

    Args:
        steps (Tensor): ``[M, ...]``.
        mask (Tensor): bool ``[B, T]``, True for real steps.

    Returns:
        Tensor: ``[B, T, ...]``, zero where not real.
    """
    x = steps.new_zeros(mask.numel(), *steps.shape[1:])
    return x.index_copy(0, _real(mask), steps).unflatten(0, mask.shape)


def _real(mask: Tensor) -> Tensor:
    return mask.flatten().nonzero().squeeze(1)


def stride_mask(mask: Tensor, stride: int) -> Tensor:
    """The real steps of a sequence that a stride has shortened.

    Step t stands for the steps from ``t * stride`` to before the next, and is
    real if any of them is: a hand that is only seen now and then stays.

    Args:
        mask (Tensor): bool ``[B, T]``, True for real steps.
        stride (int): How many steps become one.

    Returns:
        Tensor: bool ``[B, ceil(T / stride)]``.
    """
    if stride == 1:
        return mask
    steps = -(-mask.shape[1] // stride)
    padded = F.pad(mask, [0, steps * stride - mask.shape[1]])
    return padded.unflatten(1, (steps, stride)).any(2)
