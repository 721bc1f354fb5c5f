"""Positions of steps in a sequence and of cells in a grid.

Shape letters: see :mod:`trimodal.structures.streams`; ``h, w`` the height and
width of a grid in cells.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.layers.checks import (
    check_choice,
    check_multiple,
    check_positive,
)
from trimodal.models.layers.transformer import INIT_STD

KINDS = ('sinusoidal', 'learned')


def sinusoidal(positions: Tensor, dims: int) -> Tensor:
    """Sines and cosines of ``positions`` at falling frequencies.

    From `Attention Is All You Need <https://arxiv.org/abs/1706.03762>`_:
    channel 2i holds ``sin(p / 10000^(2i / dims))``, channel 2i + 1 the
    cosine.

    Args:
        positions (Tensor): ``[...]``, numbers.
        dims (int): Channels; even.

    Returns:
        Tensor: float32 ``[..., dims]``.
    """
    steps = torch.arange(0, dims, 2, device=positions.device)
    rates = torch.exp(steps * (-math.log(10000.0) / dims))
    angles = positions.float().unsqueeze(-1) * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)


class SequencePositions(nn.Module):
    """Adds to each step of a sequence what tells where it stands.

    Args:
        kind (str): ``'sinusoidal'`` or ``'learned'``.
        embed_dims (int): Channels; even.
        max_length (int): Learned positions; steps behind the last share it.
            Defaults to 1024.

    Raises:
        ValueError: If ``kind`` is neither, ``embed_dims`` is odd or
            ``max_length`` not positive.
    """

    def __init__(
        self, kind: str, embed_dims: int, max_length: int = 1024
    ) -> None:
        super().__init__()
        check_choice('positions', kind, KINDS)
        check_multiple('embed_dims', embed_dims, 2, 'sine and cosine')
        check_positive(max_length=max_length)
        self.table = None
        if kind == 'learned':
            self.table = nn.Parameter(torch.empty(max_length, embed_dims))
            nn.init.trunc_normal_(self.table, std=INIT_STD)

    def forward(self, x: Tensor, start: int = 0) -> Tensor:
        """Add positions.

        Args:
            x (Tensor): float ``[B, T, C]``.
            start (int): Where its first step stands. Defaults to 0.

        Returns:
            Tensor: float ``[B, T, C]``.
        """
        steps = torch.arange(start, start + x.shape[1], device=x.device)
        if self.table is None:
            return x + sinusoidal(steps, x.shape[2]).to(x.dtype)
        return x + self.table[steps.clamp(max=len(self.table) - 1)]


class GridPositions(nn.Module):
    """Adds to each cell of a grid what tells where it stands.

    A learned table belongs to a picture of a given grid and is stretched
    (bicubic) over the real part of each sample's own, so that neither another
    size nor padding is a problem. The sinusoidal kind gives half of the
    channels to the row, half to the column.

    Args:
        kind (str): ``'sinusoidal'`` or ``'learned'``.
        embed_dims (int): Channels; a multiple of 4.
        grid (tuple[int, int]): Height and width of the learned table, in
            cells.

    Raises:
        ValueError: If ``kind`` is neither or ``embed_dims`` is not a multiple
            of 4.
    """

    def __init__(
        self, kind: str, embed_dims: int, grid: tuple[int, int]
    ) -> None:
        super().__init__()
        check_choice('positions', kind, KINDS)
        check_multiple('embed_dims', embed_dims, 4, 'sine and cosine, twice')
        self.table = None
        if kind == 'learned':
            self.table = nn.Parameter(torch.empty(1, embed_dims, *grid))
            nn.init.trunc_normal_(self.table, std=INIT_STD)

    def forward(self, x: Tensor, sizes: Tensor) -> Tensor:
        """Add positions.

        Args:
            x (Tensor): float ``[B, h, w, C]``.
            sizes (Tensor): int64 ``[B, 2]``, rows and columns of cells that
                are real in each sample (its upper left part).

        Returns:
            Tensor: float ``[B, h, w, C]``.
        """
        if self.table is None:
            return x + self._sinusoidal(x).to(x.dtype)
        grid = self.table.shape[2:]
        if x.shape[1:3] == grid and bool(
            (sizes == sizes.new_tensor(grid)).all()
        ):
            return x + self.table.permute(0, 2, 3, 1)
        return x + self._stretched(x, sizes).to(x.dtype)

    def _sinusoidal(self, x: Tensor) -> Tensor:
        height, width, dims = x.shape[1:]
        rows = sinusoidal(torch.arange(height, device=x.device), dims // 2)
        columns = sinusoidal(torch.arange(width, device=x.device), dims // 2)
        return torch.cat(
            [
                rows.unsqueeze(1).expand(-1, width, -1),
                columns.unsqueeze(0).expand(height, -1, -1),
            ],
            dim=-1,
        )

    def _stretched(self, x: Tensor, sizes: Tensor) -> Tensor:
        assert self.table is not None
        sizes = sizes.clamp(min=1)
        axes = [
            # The middle of cell i of n lies at (2 i + 1) / n - 1.
            (2 * torch.arange(cells, device=x.device) + 1)
            / sizes[:, axis : axis + 1]
            - 1
            for axis, cells in enumerate(x.shape[1:3])
        ]
        height, width = x.shape[1:3]
        where = torch.stack(
            [
                axes[1].unsqueeze(1).expand(-1, height, -1),
                axes[0].unsqueeze(2).expand(-1, -1, width),
            ],
            dim=-1,
        )
        return F.grid_sample(
            self.table.expand(len(x), -1, -1, -1).float(),
            where,
            mode='bicubic',
            padding_mode='border',
            align_corners=False,
        ).permute(0, 2, 3, 1)
