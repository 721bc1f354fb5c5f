"""Interpolation between the real steps of a masked sequence.

Shape letters: see :mod:`trimodal.structures.streams`; N moments asked for.
"""

import torch
from torch import Tensor

from trimodal.models.layers.checks import check_choice

MODES = ('linear', 'cubic')


def interpolate_steps(
    x: Tensor, mask: Tensor, positions: Tensor, mode: str = 'linear'
) -> Tensor:
    """The values of a sequence at moments between its steps.

    Only real steps count: over a hole it is interpolated from the real steps
    on both sides. Before the first and behind the last real step their values
    hold. ``'cubic'`` is the cubic Hermite curve whose slopes are the parabola
    through three real steps (Catmull-Rom where there is no hole).

    Args:
        x (Tensor): float ``[B, T, C]``.
        mask (Tensor): bool ``[B, T]``, True for real steps.
        positions (Tensor): float ``[B, N]``, counted in steps from 0.
        mode (str): ``'linear'`` or ``'cubic'``. Defaults to ``'linear'``.

    Returns:
        Tensor: float ``[B, N, C]``; without meaning where nothing is real.

    Raises:
        ValueError: If ``mode`` is neither.
    """
    check_choice('mode', mode, MODES)
    nearest = _nearest_real(mask)
    low = positions.floor().long().clamp(0, x.shape[1] - 1)
    before = _look(nearest[0], low, -1)
    after = _look(nearest[1], low + 1, -1)
    before, after = _fill(before, after), _fill(after, before)
    span = (after - before).clamp(min=1)
    where = ((positions - before) / span).clamp(0, 1)
    where = where.masked_fill(after == before, 0)
    if mode == 'linear':
        return _mix(x, [(before, 1 - where), (after, where)])
    first = _fill(_look(nearest[0], before - 1, -1), before)
    last = _fill(_look(nearest[1], after + 1, -1), after)
    nodes = (first, before, after, last)
    return _mix(x, list(zip(nodes, _hermite(nodes, where), strict=True)))


def _nearest_real(mask: Tensor) -> tuple[Tensor, Tensor]:
    """For each step the nearest real one at or before, and at or behind.

    int64 ``[B, T]``; -1 where there is none.
    """
    steps = torch.arange(mask.shape[1], device=mask.device).expand_as(mask)
    before = steps.masked_fill(~mask, -1).cummax(1).values
    none = mask.shape[1]
    after = steps.masked_fill(~mask, none).flip(1).cummin(1).values.flip(1)
    return before, after.masked_fill(after == none, -1)


def _look(table: Tensor, index: Tensor, otherwise: int) -> Tensor:
    """``table[b, index]``, or ``otherwise`` outside of the table."""
    last = table.shape[1] - 1
    found = table.gather(1, index.clamp(0, last))
    return found.masked_fill((index < 0) | (index > last), otherwise)


def _fill(index: Tensor, other: Tensor) -> Tensor:
    return torch.where(index < 0, other, index)


def _hermite(nodes: tuple[Tensor, ...], where: Tensor) -> list[Tensor]:
    """The weights of four steps, float ``[B, N]`` each.

    Between the inner two, at the share ``where`` of their distance.
    """
    first, before, after, last = (node.to(where.dtype) for node in nodes)
    left, middle, right = before - first, after - before, last - after
    middle = middle.clamp(min=1)
    # Of the slopes at the inner two: the share of the slope between them.
    share0 = torch.where(left > 0, left / (left + middle), 1)
    share1 = torch.where(right > 0, right / (right + middle), 1)
    # What a slope of the outer stretch counts for, in units of its step.
    outer0 = (1 - share0) * middle / left.clamp(min=1)
    outer1 = (1 - share1) * middle / right.clamp(min=1)
    square, cube = where.square(), where.pow(3)
    start = 2 * cube - 3 * square + 1
    slope0, slope1 = cube - 2 * square + where, cube - square
    inner = slope0 * share0 + slope1 * share1
    return [
        -slope0 * outer0,
        start - inner + slope0 * outer0,
        1 - start + inner - slope1 * outer1,
        slope1 * outer1,
    ]


def _mix(x: Tensor, parts: list[tuple[Tensor, Tensor]]) -> Tensor:
    total = x.new_zeros(())
    for index, weight in parts:
        index = index.clamp(min=0).unsqueeze(2).expand(-1, -1, x.shape[2])
        total = total + x.gather(1, index) * weight.unsqueeze(2)
    return total.to(x.dtype)
