"""Streams that come from padded grids, as encoders of pictures give them.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from trimodal.structures import Tokens
from trimodal.testing.samples import pad


def grid_stream(height: int, width: int, channels: int) -> Tokens:
    """A step for the whole picture, a grid, and one half as fine.

    Args:
        height (int): Cells of the coarse grid; the fine one has twice that.
        width (int): Likewise.
        channels (int): Channels.

    Returns:
        Tokens: A batch of one, all of it real.
    """
    grids = ((2 * height, 2 * width), (height, width))
    steps = 1 + sum(rows * columns for rows, columns in grids)
    return Tokens(
        torch.randn(1, steps, channels),
        torch.ones(1, steps, dtype=torch.bool),
        torch.ones(1, dtype=torch.bool),
        grids,
    )


def stack_grids(rows: Sequence[Tokens], spare: int = 0) -> Tokens:
    """Put streams with grids into a batch: each grid is padded by itself.

    Args:
        rows (Sequence[Tokens]): Batches of one with as many grids, and as
            many steps before them.
        spare (int): Cells that the coarsest grid is padded by beyond the
            largest, and finer ones by as much of the picture. Defaults to 0.

    Returns:
        Tokens: The batch.
    """
    coarsest = rows[0].grids[-1][0]
    grids = []
    for shapes in zip(*(row.grids for row in rows), strict=True):
        more = spare * (shapes[0][0] // coarsest)
        grids.append(tuple(max(s) + more for s in zip(*shapes, strict=True)))
    return Tokens(
        torch.cat([_padded(row.x, row.grids, grids) for row in rows]),
        torch.cat([_padded(row.mask, row.grids, grids) for row in rows]),
        torch.cat([row.present for row in rows]),
        tuple(grids),
    )


def _padded(
    x: Tensor,
    grids: Sequence[tuple[int, int]],
    sizes: Sequence[tuple[int, int]],
) -> Tensor:
    """The steps ``[1, T, ...]`` of ``grids``, padded to ``sizes``."""
    cells = [height * width for height, width in grids]
    before, *parts = x.split([x.shape[1] - sum(cells), *cells], dim=1)
    padded = [
        pad(part.unflatten(1, grid), [1, 2], size).flatten(1, 2)
        for part, grid, size in zip(parts, grids, sizes, strict=True)
    ]
    return torch.cat([before, *padded], dim=1)
