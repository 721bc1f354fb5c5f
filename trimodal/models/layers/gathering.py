"""Rows of all processes, with their gradients."""

import torch
import torch.distributed as dist
from torch import Tensor


class _Gather(torch.autograd.Function):
    """``[B, ...]`` of each of W processes, to ``[W, B, ...]`` in each."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: torch.autograd.function.FunctionCtx, x: Tensor
    ) -> Tensor:
        parts = [torch.empty_like(x) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, x)
        return torch.stack(parts)

    @staticmethod
    def backward(  # type: ignore[override]
        ctx: torch.autograd.function.FunctionCtx, grad: Tensor
    ) -> Tensor:
        total = grad.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total[dist.get_rank()]


def gather_rows(x: Tensor) -> Tensor:
    """Put the rows of all processes together; they may differ in number.

    A row's gradient is the sum of those it gets in each process. All
    processes must call it, and all go backwards through it if one does.

    Args:
        x (Tensor): ``[B, ...]``, of any type; in a single process it is
            returned as it is.

    Returns:
        Tensor: ``[N, ...]``, in the order of the processes.
    """
    if not (dist.is_available() and dist.is_initialized()):
        return x
    count = torch.tensor([len(x)], device=x.device)
    counts = [torch.zeros_like(count) for _ in range(dist.get_world_size())]
    dist.all_gather(counts, count)
    sizes = [int(size) for size in counts]
    filler = x.new_zeros(max(sizes) - len(x), *x.shape[1:])
    parts = _Gather.apply(torch.cat([x, filler]).contiguous())
    return torch.cat([p[:n] for p, n in zip(parts, sizes, strict=True)])


def gather_together(*parts: Tensor) -> list[Tensor]:
    """:func:`gather_rows` of several tensors in one exchange.

    Args:
        *parts (Tensor): ``[B, ...]``, float, bool or whole numbers that
            float32 can hold.

    Returns:
        list[Tensor]: ``[N, ...]`` of each, of the same types; of floats,
        float32.
    """
    if not (dist.is_available() and dist.is_initialized()):
        return list(parts)
    # Without rows, reshape could not tell how many columns there are.
    flat = [part.unsqueeze(1).flatten(1).float() for part in parts]
    joined = gather_rows(torch.cat(flat, dim=1))
    columns = joined.split([part.shape[1] for part in flat], dim=1)
    return [
        found.reshape(len(joined), *part.shape[1:]).to(
            torch.float32 if part.is_floating_point() else part.dtype
        )
        for found, part in zip(columns, parts, strict=True)
    ]
