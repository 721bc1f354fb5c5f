"""Attention among queries that have a place beside their content.

Shape letters: see :mod:`trimodal.structures.streams`; Q queries.
"""

import torch.nn.functional as F
from torch import Tensor

from trimodal.models.layers.attention import MultiheadAttention


class QueryAttention(MultiheadAttention):
    """Attention of queries to each other, as far as a mask lets them.

    Positions tell who looks at whom; they are no part of what is seen, as in
    `DETR <https://arxiv.org/abs/2005.12872>`_.

    Args:
        embed_dims (int): Channels.
        num_heads (int): Heads; must divide ``embed_dims``.
        dropout (float): Share of attention weights dropped in training.
            Defaults to 0.0.
    """

    def __init__(
        self, embed_dims: int, num_heads: int, dropout: float = 0.0
    ) -> None:
        super().__init__(embed_dims, num_heads, dropout)

    def forward(  # type: ignore[override]
        self, x: Tensor, positions: Tensor, opened: Tensor
    ) -> Tensor:
        """Attend.

        Args:
            x (Tensor): float ``[B, Q, C]``.
            positions (Tensor): float ``[B, Q, C]``.
            opened (Tensor): bool ``[B, 1, Q, Q]``: which queries (third)
                see which (fourth). Every query sees one.

        Returns:
            Tensor: float ``[B, Q, C]``.
        """
        width = 2 * x.shape[-1]
        weight, bias = self.in_proj.weight, self.in_proj.bias
        q, k = F.linear(
            x + positions.to(x.dtype), weight[:width], bias[:width]
        ).chunk(2, dim=-1)
        v = F.linear(x, weight[width:], bias[width:])
        q, k, v = self._split(q), self._split(k), self._split(v)
        return self._attend(q, k, v, opened, None)
