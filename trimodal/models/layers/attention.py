"""Multi-head attention over masked sequences."""

import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.layers.checks import check_multiple, check_probability
from trimodal.models.layers.rotary import rotate


class MultiheadAttention(nn.Module):
    """Scaled dot-product attention with several heads.

    From `Attention Is All You Need <https://arxiv.org/abs/1706.03762>`_. The
    parameters have the shapes and the order of
    :class:`torch.nn.MultiheadAttention`. Masked keys have no influence, and a
    query that finds no real key gets zeros: forwards, backwards and in
    reduced precision.

    Args:
        embed_dims (int): Channels of queries, keys, values and output.
        num_heads (int): Heads; must divide ``embed_dims``.
        dropout (float): Share of attention weights dropped in training.
            Defaults to 0.0.
        rotary (bool): Whether queries and keys are turned by their positions,
            so that attention knows how far apart they are. Defaults to
            False.

    Raises:
        ValueError: If ``num_heads`` does not divide ``embed_dims``,
            ``dropout`` lies outside [0, 1], or a head has an odd number of
            channels and ``rotary`` is set.
    """

    def __init__(
        self,
        embed_dims: int,
        num_heads: int,
        dropout: float = 0.0,
        rotary: bool = False,
    ) -> None:
        super().__init__()
        check_multiple('embed_dims', embed_dims, num_heads, 'num_heads')
        check_probability(dropout=dropout)
        if rotary:
            check_multiple(
                'embed_dims', embed_dims, 2 * num_heads, 'pairs in each head'
            )
        self.rotary = rotary
        self.num_heads = num_heads
        self.dropout = dropout
        self.in_proj = nn.Linear(embed_dims, 3 * embed_dims)
        self.out_proj = nn.Linear(embed_dims, embed_dims)

    def forward(
        self,
        query: Tensor,
        key: Tensor | None = None,
        key_mask: Tensor | None = None,
    ) -> Tensor:
        """Attend from ``query`` to ``key``.

        Args:
            query (Tensor): float ``[B, T, C]``.
            key (Tensor | None): float ``[B, S, C]``, what is attended to;
                None means ``query`` itself. Defaults to None.
            key_mask (Tensor | None): bool ``[B, S]``, True for real steps.
                Defaults to None: all are real.

        Returns:
            Tensor: float ``[B, T, C]``.
        """
        q, k, v = (self._split(part) for part in self._project(query, key))
        if self.rotary:
            q, k = rotate(q), rotate(k)
        opened = None
        if key_mask is not None:
            # Rows without a real key attend anywhere, and are erased below.
            empty = ~key_mask.any(-1, keepdim=True)
            opened = (key_mask | empty)[:, None, None]
        x = F.scaled_dot_product_attention(
            q,
            k,
            v,
            attn_mask=opened,
            dropout_p=self.dropout if self.training else 0.0,
        )
        x = self.out_proj(x.transpose(1, 2).flatten(2))
        return x if key_mask is None else x.masked_fill(empty.unsqueeze(-1), 0)

    def _project(self, query: Tensor, key: Tensor | None) -> list[Tensor]:
        if key is None:
            return list(self.in_proj(query).chunk(3, dim=-1))
        width = query.shape[-1]
        weight, bias = self.in_proj.weight, self.in_proj.bias
        q = F.linear(query, weight[:width], bias[:width])
        kv = F.linear(key, weight[width:], bias[width:])
        return [q, *kv.chunk(2, dim=-1)]

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
