"""The cells of a picture stream as a detector takes them.

Shape letters: see :mod:`trimodal.structures.streams`; N cells, L levels.
"""

import torch
from torch import Tensor, nn

from trimodal.models.layers.boxes import box_encoding
from trimodal.models.layers.checks import check_multiple, check_positive
from trimodal.models.layers.context_modulation import ContextModulation
from trimodal.models.layers.grid_cells import GridCells, cells_of
from trimodal.models.layers.transformer import NORM_EPS, init_transformer
from trimodal.structures import Tokens


class CellProjection(nn.Module):
    """Projects cells, tells them where they are, and gives them a context.

    Places are relative to the real part of a picture. How much they count is
    learned by channel, from nothing at all.

    Args:
        in_channels (int): Channels of the stream.
        embed_dims (int): Channels of the result; a multiple of 4.
        num_levels (int): Grids of the stream.
        context_channels (int | None): Channels of a vector that modulates the
            cells. Defaults to None: there is none.

    Raises:
        ValueError: If ``embed_dims`` is no multiple of 4 or a number not
            positive.
    """

    def __init__(
        self,
        in_channels: int,
        embed_dims: int,
        num_levels: int,
        context_channels: int | None = None,
    ) -> None:
        super().__init__()
        check_positive(in_channels=in_channels, num_levels=num_levels)
        check_multiple('embed_dims', embed_dims, 4, 'sine and cosine, twice')
        self.num_levels = num_levels
        self.linear = nn.Linear(in_channels, embed_dims)
        self.linear.apply(init_transformer)
        self.norm = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.places = nn.Parameter(torch.zeros(embed_dims))
        self.modulate = None
        if context_channels is not None:
            self.modulate = ContextModulation(embed_dims, context_channels)

    def forward(
        self, stream: Tokens, context: Tensor | None = None
    ) -> tuple[Tensor, GridCells]:
        """Project the cells.

        Args:
            stream (Tokens): The picture stream.
            context (Tensor | None): float ``[B, D]``. Defaults to None.

        Returns:
            tuple[Tensor, GridCells]: float ``[B, N, C]``, zero where not
            real, and where they are.
        """
        x, where = cells_of(stream, self.num_levels)
        x = self.norm(self.linear(x))
        code = box_encoding(where.boxes[..., :2], x.shape[2] // 2)
        x = x + self.places * code.to(x.dtype)
        if self.modulate is not None:
            x = self.modulate(x, context)
        return x * where.mask.unsqueeze(2), where
