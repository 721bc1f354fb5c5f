"""Multi-head attention over masked sequences."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.layers.checks import check_multiple, check_probability
from trimodal.models.layers.masking import masked_softmax
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
        return self._attend(*self._project(query, key), key_mask)

    def with_weights(
        self,
        query: Tensor,
        key: Tensor | None = None,
        key_mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Attend, and tell where to; for few queries.

        The weights are computed a second time, as ``float32 [B, H, T, S]``,
        without gradient and without dropout.

        Args:
            query (Tensor): As in :meth:`forward`.
            key (Tensor | None): As in :meth:`forward`. Defaults to None.
            key_mask (Tensor | None): As in :meth:`forward`. Defaults to None.

        Returns:
            tuple[Tensor, Tensor]: What :meth:`forward` gives, and the weights
            averaged over the heads, float32 ``[B, T, S]``: 0 where masked, a
            row sums to 1, or to 0 without a real key.
        """
        q, k, v = self._project(query, key)
        x = self._attend(q, k, v, key_mask)
        with torch.no_grad():
            scores = (q @ k.mT).float() / q.shape[-1] ** 0.5
            if key_mask is None:
                return x, scores.softmax(-1).mean(1)
            return x, masked_softmax(scores, key_mask[:, None, None]).mean(1)

    def _attend(
        self, q: Tensor, k: Tensor, v: Tensor, key_mask: Tensor | None
    ) -> Tensor:
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

    def _project(
        self, query: Tensor, key: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, float ``[B, H, T or S, C / H]``."""
        if key is None:
            q, k, v = self.in_proj(query).chunk(3, dim=-1)
        else:
            width = query.shape[-1]
            weight, bias = self.in_proj.weight, self.in_proj.bias
            q = F.linear(query, weight[:width], bias[:width])
            kv = F.linear(key, weight[width:], bias[width:])
            k, v = kv.chunk(2, dim=-1)
        q, k, v = self._split(q), self._split(k), self._split(v)
        if self.rotary:
            q, k = rotate(q), rotate(k)
        return q, k, v

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
