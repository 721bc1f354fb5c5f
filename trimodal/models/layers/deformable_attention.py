"""Attention to a few learned points around a box, on every level.

Shape letters: see :mod:`trimodal.structures.streams`; Q queries, H heads, L
levels, P points.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.layers.checks import check_multiple, check_positive
from trimodal.models.layers.grid_cells import GridCells
from trimodal.models.layers.transformer import init_transformer


class DeformableAttention(nn.Module):
    """Each query samples the grids at points that it chooses itself.

    From `Deformable DETR <https://arxiv.org/abs/2010.04159>`_, with points
    around a box and in units of it. What it costs does not grow with the
    picture, and it learns from little data where attention to all cells
    needs hundreds of epochs. Places are relative to the real part of a
    picture, and outside of it is zero: padding changes nothing.

    Args:
        embed_dims (int): Channels.
        num_heads (int): Heads; must divide ``embed_dims``.
        num_levels (int): Grids of the pictures.
        num_points (int): Points of each head on each level. Defaults to 4.

    Raises:
        ValueError: If ``num_heads`` does not divide ``embed_dims`` or a
            number is not positive.
    """

    def __init__(
        self,
        embed_dims: int,
        num_heads: int,
        num_levels: int,
        num_points: int = 4,
    ) -> None:
        super().__init__()
        check_multiple('embed_dims', embed_dims, num_heads, 'num_heads')
        check_positive(num_levels=num_levels, num_points=num_points)
        self.num_heads = num_heads
        self.shape = (num_heads, num_levels, num_points)
        points = math.prod(self.shape)
        self.offsets = nn.Linear(embed_dims, 2 * points)
        self.weights = nn.Linear(embed_dims, points)
        self.value = nn.Linear(embed_dims, embed_dims)
        self.out = nn.Linear(embed_dims, embed_dims)
        self.apply(init_transformer)
        self._spread()

    @torch.no_grad()
    def _spread(self) -> None:
        """Heads start in different directions, points at rising distances."""
        heads, levels, points = self.shape
        turn = torch.arange(heads) * (2 * math.pi / heads)
        way = torch.stack([turn.cos(), turn.sin()], dim=1)
        way = way / way.abs().amax(1, keepdim=True)
        far = torch.arange(1, points + 1) / points
        start = way.view(heads, 1, 1, 2) * far.view(1, 1, points, 1)
        self.offsets.bias.copy_(start.expand(-1, levels, -1, -1).flatten())

    def forward(
        self, query: Tensor, boxes: Tensor, cells: Tensor, where: GridCells
    ) -> Tensor:
        """Attend from boxes to cells.

        Args:
            query (Tensor): float ``[B, Q, C]``.
            boxes (Tensor): float32 ``[B, Q, 4]``, centred and relative.
            cells (Tensor): float ``[B, N, C]``.
            where (GridCells): Where the cells are.

        Returns:
            Tensor: float ``[B, Q, C]``.
        """
        heads, levels, points = self.shape
        # An offset of 1 is the box's edge.
        steps = self.offsets(query).float().unflatten(2, (*self.shape, 2))
        half = boxes[:, :, None, None, None, 2:] / 2
        places = boxes[:, :, None, None, None, :2] + steps * half
        weights = self.weights(query).float().unflatten(2, (heads, -1))
        weights = weights.softmax(-1).unflatten(-1, (levels, points))
        values = self.value(cells) * where.mask.unsqueeze(-1)
        found = self._sample(values.float(), places, weights, where)
        return self.out(found.to(query.dtype))

    def _sample(
        self, values: Tensor, places: Tensor, weights: Tensor, where: GridCells
    ) -> Tensor:
        """The weighted sum over levels and points, float32 ``[B, Q, C]``."""
        total: Tensor | float = 0.0
        for level, grid in enumerate(where.split(values)):
            # From the real part to the padded grid, -1 to 1.
            factor = 2 * where.shares[:, level, None, None, None]
            at = places[:, :, :, level] * factor - 1
            sampled = F.grid_sample(
                grid.unflatten(1, (self.num_heads, -1)).flatten(0, 1),
                at.transpose(1, 2).flatten(0, 1),
                align_corners=False,
            )
            share = weights[:, :, :, level].transpose(1, 2).flatten(0, 1)
            total = total + (sampled * share.unsqueeze(1)).sum(-1)
        assert isinstance(total, Tensor)
        return total.unflatten(0, (-1, self.num_heads)).flatten(1, 2).mT
