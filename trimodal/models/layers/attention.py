"""Multi-head attention over masked sequences."""

from collections.abc import Sequence

import torch
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
        q, k, v = self._project(query, key)
        return self._attend(q, k, v, *open_mask(key_mask))

    def with_shares(
        self,
        query: Tensor,
        key: Tensor,
        lengths: Sequence[int],
        key_mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Attend, and tell how much attention each stretch of keys got.

        The weights themselves are never made: values that say which stretch a
        key belongs to are attended to in a second call, without gradient and
        without dropout.

        Args:
            query (Tensor): float ``[B, T, C]``.
            key (Tensor): float ``[B, S, C]``.
            lengths (Sequence[int]): Lengths of the ``M`` stretches, one after
                the other, that make up ``S``.
            key_mask (Tensor | None): bool ``[B, S]``, True for real steps.
                Defaults to None: all are real.

        Returns:
            tuple[Tensor, Tensor]: What :meth:`forward` gives, and the shares,
            float32 ``[B, M]``, averaged over queries and heads; a row sums to
            1, or to 0 without a real key.
        """
        q, k, v = self._project(query, key)
        opened, anything = open_mask(key_mask)
        x = self._attend(q, k, v, opened, anything)
        with torch.no_grad():
            size = len(lengths)
            # As wide as the queries, or another and slower kernel is taken.
            which = torch.eye(size, max(size, q.shape[-1]), device='cpu')
            counts = torch.tensor(lengths, device='cpu')
            which = which.repeat_interleave(counts, 0).to(q)
            which = which.expand(*k.shape[:2], -1, -1)
            told = _attention(q, k, which, opened)
            told = told[..., :size].float().mean((1, 2))
        return x, told if anything is None else told * anything.squeeze(2)

    def _attend(
        self,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        opened: Tensor | None,
        anything: Tensor | None,
        causal: bool = False,
    ) -> Tensor:
        dropout = self.dropout if self.training else 0.0
        x = _attention(q, k, v, opened, dropout, causal)
        x = self.out_proj(x.transpose(1, 2).flatten(2))
        return x if anything is None else x * anything

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


def _attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None,
    dropout: float = 0.0,
    causal: bool = False,
) -> Tensor:
    # CUDA kernels of some versions refuse a batch of nothing: pytorch #133780.
    if not len(q):
        return q[..., :1].expand(*q.shape[:-1], v.shape[-1])
    return F.scaled_dot_product_attention(q, k, v, mask, dropout, causal)


def open_mask(
    key_mask: Tensor | None,
) -> tuple[Tensor | None, Tensor | None]:
    """The mask as attention takes it, and which rows have a real key.

    Rows without one attend anywhere, and are erased afterwards.

    Args:
        key_mask (Tensor | None): bool ``[B, S]``, True for real steps.

    Returns:
        tuple[Tensor | None, Tensor | None]: bool ``[B, 1, 1, S]`` and ``[B,
        1, 1]``; None for no mask.
    """
    if key_mask is None:
        return None, None
    anything = key_mask.any(-1, keepdim=True)
    return (key_mask | ~anything)[:, None, None], anything.unsqueeze(2)
