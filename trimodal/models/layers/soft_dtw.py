"""Soft dynamic time warping, batched, over the anti-diagonals.

Shape letters: see :mod:`trimodal.structures.streams`; N and T the steps of the
two sequences, D = N + T - 1 anti-diagonals.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

# Stands for minus infinity, without its NaNs.
NEVER = -1e10


class _LogPaths(torch.autograd.Function):
    """The logarithm of the sum over all paths to each cell.

    ``paths[i, j] = scores[i, j] + log(exp(paths[i-1, j]) + exp(paths[i, j-1])
    + exp(paths[i-1, j-1]))``, from ``scores[0, 0]`` on. Cells of an
    anti-diagonal do not depend on each other, so it is computed diagonal by
    diagonal; so is the gradient, with the shares that each cell took from its
    predecessors.
    """

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: torch.autograd.function.FunctionCtx, scores: Tensor
    ) -> Tensor:
        """``scores`` float ``[B, N, T]``; gives as much."""
        skewed = _skew(scores, NEVER)
        count, batch, size = skewed.shape
        # Two diagonals and one row outside of the matrix, where paths begin.
        paths = skewed.new_full((count + 2, batch, size + 1), NEVER)
        paths[0, :, 0] = 0
        reached = torch.empty_like(skewed)
        for index in range(count):
            last, into = paths[index + 1], reached[index]
            torch.logaddexp(last[:, 1:], last[:, :-1], out=into)
            torch.logaddexp(into, paths[index, :, :-1], out=into)
            torch.add(into, skewed[index], out=paths[index + 2, :, 1:])
        ctx.save_for_backward(paths, reached)
        return _unskew(paths[2:, :, 1:])

    @staticmethod
    def backward(  # type: ignore[override]
        ctx: torch.autograd.function.FunctionCtx, grad: Tensor
    ) -> Tensor:
        """``grad`` float ``[B, N, T]``; gives as much."""
        paths, reached = ctx.saved_tensors  # type: ignore[attr-defined]
        count, batch, size = reached.shape
        shares = (
            (paths[1:-1, :, 1:] - reached).exp(),
            (paths[1:-1, :, :-1] - reached).exp(),
            (paths[:-2, :, :-1] - reached).exp(),
        )
        total = reached.new_zeros(count, batch, size + 1)
        total[:, :, 1:] = _skew(grad, 0)
        for index in range(count - 1, 0, -1):
            here, last = total[index, :, 1:], total[index - 1]
            last[:, 1:].addcmul_(here, shares[0][index])
            last[:, :-1].addcmul_(here, shares[1][index])
            if index > 1:
                total[index - 2, :, :-1].addcmul_(here, shares[2][index])
        return _unskew(total[:, :, 1:])


def _skew(x: Tensor, value: float) -> Tensor:
    """``[B, N, T]`` to ``[D, B, N]``: cell (i, j) at (i + j, i)."""
    _, rows, columns = x.shape
    x = F.pad(x, (0, rows), value=value).flatten(1)
    x = x[:, : rows * (rows + columns - 1)].unflatten(1, (rows, -1))
    return x.permute(2, 0, 1).contiguous()


def _unskew(x: Tensor) -> Tensor:
    """What :func:`_skew` made, back to ``[B, N, T]``."""
    count, _, rows = x.shape
    x = F.pad(x.permute(1, 2, 0).flatten(1), (0, rows))
    x = x.unflatten(1, (rows, count + 1))
    return x[:, :, : count + 1 - rows].contiguous()


def soft_dtw(
    cost: Tensor, rows: Tensor, columns: Tensor, gamma: float
) -> Tensor:
    """The soft minimum over all warping paths of the sum of their costs.

    From `Soft-DTW: a Differentiable Loss Function for Time-Series
    <https://arxiv.org/abs/1703.01541>`_. A path leads from the first cell to
    the last real one in steps down, to the right, or both.

    Args:
        cost (Tensor): float ``[B, N, T]``.
        rows (Tensor): int64 ``[B]``, how many rows of each are real.
        columns (Tensor): int64 ``[B]``, how many columns are.
        gamma (float): Temperature of the minimum, positive.

    Returns:
        Tensor: float ``[B]``; 0 where nothing is real.
    """
    paths = _LogPaths.apply(cost / -gamma)
    return -gamma * _last(paths, rows, columns)


def soft_dtw_alignment(
    cost: Tensor, rows: Tensor, columns: Tensor, gamma: float
) -> tuple[Tensor, Tensor]:
    """:func:`soft_dtw`, and how likely a path leads through each cell.

    The latter is the gradient of the former, computed from both ends so that
    it can be differentiated itself.

    Args:
        cost (Tensor): float ``[B, N, T]``.
        rows (Tensor): int64 ``[B]``, how many rows of each are real.
        columns (Tensor): int64 ``[B]``, how many columns are.
        gamma (float): Temperature of the minimum, positive.

    Returns:
        tuple[Tensor, Tensor]: float ``[B]`` and float ``[B, N, T]``; 0 where
        nothing is real.
    """
    scores = cost / -gamma
    turns = (_turn(rows, cost.shape[1]), _turn(columns, cost.shape[2]))
    both = torch.cat([scores, _turned(scores, *turns)])
    start, end = _LogPaths.apply(both).chunk(2)
    total = _last(start, rows, columns)
    log = start + _turned(end, *turns) - scores - total.view(-1, 1, 1)
    real = _real(rows, cost.shape[1]).unsqueeze(2)
    real = real & _real(columns, cost.shape[2]).unsqueeze(1)
    return -gamma * total, log.masked_fill(~real, float('-inf')).exp()


def _real(counts: Tensor, size: int) -> Tensor:
    steps = torch.arange(size, device=counts.device)
    return steps < counts.unsqueeze(1)


def _last(paths: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """The value in the last real cell of each, float ``[B]``."""
    row, column = (rows - 1).clamp(min=0), (columns - 1).clamp(min=0)
    index = row * paths.shape[2] + column
    value = paths.flatten(1).gather(1, index.unsqueeze(1)).squeeze(1)
    return value.masked_fill((rows == 0) | (columns == 0), 0)


def _turn(counts: Tensor, size: int) -> Tensor:
    """The index that turns the first ``counts`` of ``size`` around."""
    steps = torch.arange(size, device=counts.device)
    return torch.where(
        _real(counts, size), counts.unsqueeze(1) - 1 - steps, steps
    )


def _turned(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    x = x.gather(1, rows.unsqueeze(2).expand_as(x))
    return x.gather(2, columns.unsqueeze(1).expand_as(x))


def compact(x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Move the real steps to the front, in their order.

    Args:
        x (Tensor): float ``[B, T, C]``.
        mask (Tensor): bool ``[B, T]``, True for real steps.

    Returns:
        tuple[Tensor, Tensor]: float ``[B, T, C]`` and, int64 ``[B]``, how many
        steps of it are real.
    """
    order = (~mask).int().sort(dim=1, stable=True).indices
    index = order.unsqueeze(2).expand(-1, -1, x.shape[2])
    return x.gather(1, index), mask.sum(1)
