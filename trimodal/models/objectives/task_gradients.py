"""Gradients of single tasks, within a step.

They are taken by ``torch.autograd.grad``, which leaves ``parameter.grad``
alone and does not wake ``DistributedDataParallel``.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

Parameters = Sequence[nn.Parameter]


def gradients_of(total: Tensor, parameters: Parameters) -> list[Tensor | None]:
    """The gradient of a loss, which can be asked for again.

    Args:
        total (Tensor): Scalar.
        parameters (Sequence[nn.Parameter]): Of what.

    Returns:
        list[Tensor | None]: One a parameter; None where the loss does not
        depend on it.

    Raises:
        ValueError: Under autocast to float16.
    """
    device = total.device.type
    if (
        torch.is_autocast_enabled(device)
        and torch.get_autocast_dtype(device) == torch.float16
    ):
        raise ValueError(
            'gradients of single tasks are taken before the loss is scaled '
            'and would vanish in float16: use bfloat16, with --amp '
            '--cfg-options optim_wrapper.dtype=bfloat16'
        )
    if not total.requires_grad:
        return [None] * len(parameters)
    # As where a step goes backwards: out of autocast.
    with torch.autocast(device, enabled=False):
        return list(
            torch.autograd.grad(
                total, parameters, retain_graph=True, allow_unused=True
            )
        )


def write_flat(
    row: Tensor, parameters: Parameters, gradients: Sequence[Tensor | None]
) -> None:
    """Write gradients into one row, one after the other.

    Args:
        row (Tensor): ``[P]``, zeros.
        parameters (Sequence[nn.Parameter]): P numbers together.
        gradients (Sequence[Tensor | None]): One a parameter.
    """
    parts = row.split([parameter.numel() for parameter in parameters])
    found = [
        (part.view_as(gradient), gradient)
        for part, gradient in zip(parts, gradients, strict=True)
        if gradient is not None
    ]
    if found:
        places, values = zip(*found, strict=True)
        torch._foreach_copy_(places, values)


def starts_anew(parameters: Parameters) -> bool:
    """Whether no gradient is being accumulated: the optimizer has stepped."""
    return all(parameter.grad is None for parameter in parameters)
