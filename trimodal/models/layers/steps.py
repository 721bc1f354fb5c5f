"""From padded sequences to their real steps and back.

Shape letters: see :mod:`trimodal.structures.streams`; M real steps of all
sequences together.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

# How many steps are real is for the data to say: torch.compile stops there in
# any case. These run as they are, and tell it that the next batch will have
# another number; else it would compile what follows twice.


@torch.compiler.disable
def take_real(x: Tensor, mask: Tensor) -> Tensor:
    """The real steps of all sequences, one after the other.

    The same as ``x[mask]``, but with a backward pass that does not sort.

    Args:
        x (Tensor): ``[B, T, ...]``.
        mask (Tensor): bool ``[B, T]``, True for real steps.

    Returns:
        Tensor: ``[M, ...]``.
    """
    return _open(x.flatten(0, 1).index_select(0, find_real(mask)), 1)


@torch.compiler.disable
def put_real(steps: Tensor, mask: Tensor) -> Tensor:
    """Put steps back where :func:`take_real` has them from.

    Args:
        steps (Tensor): ``[M, ...]``.
        mask (Tensor): bool ``[B, T]``, True for real steps.

    Returns:
        Tensor: ``[B, T, ...]``, zero where not real.
    """
    x = steps.new_zeros(mask.numel(), *steps.shape[1:])
    x = x.index_copy(0, find_real(mask), steps)
    return _open(x.unflatten(0, mask.shape), mask.dim())


@torch.compiler.disable
def find_real(mask: Tensor) -> Tensor:
    """Where a mask is True.

    Args:
        mask (Tensor): bool, of any shape.

    Returns:
        Tensor: int64 ``[M]``, indices into the flattened mask.
    """
    return _open(mask.flatten().nonzero().squeeze(1), 1)


def _open(x: Tensor, dims: int) -> Tensor:
    """``x``, whose first sizes differ from batch to batch."""
    for dim in range(dims):
        torch._dynamo.maybe_mark_dynamic(x, dim)
    return x


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
