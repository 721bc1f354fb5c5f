"""Attention of a sequence that grows step by step.

Shape letters: see :mod:`trimodal.structures.streams`; N rows, H heads, D
channels of a head, S steps of what is looked at.
"""

import torch.nn.functional as F
from torch import Tensor

from trimodal.models.layers.attention import MultiheadAttention

KeyValues = tuple[Tensor, Tensor]
SPARE_STEPS = 32


class KeyValueCache:
    """Keys and values of the steps so far, of all layers in one buffer.

    Args:
        num_layers (int): Layers that keep something here.
    """

    def __init__(self, num_layers: int) -> None:
        self.num_layers = num_layers
        self.length = 0
        self._buffer: Tensor | None = None

    def append(self, layer: int, k: Tensor, v: Tensor) -> KeyValues:
        """Keep one step of a layer, and give all of its steps.

        Args:
            layer (int): Which layer.
            k (Tensor): float ``[N, H, 1, D]``.
            v (Tensor): float ``[N, H, 1, D]``.

        Returns:
            tuple[Tensor, Tensor]: Keys and values so far, views ``[N, H,
            length + 1, D]``.
        """
        buffer = self._room(k)
        buffer[layer, 0, :, :, self.length] = k.squeeze(2)
        buffer[layer, 1, :, :, self.length] = v.squeeze(2)
        kept = buffer[layer, :, :, :, : self.length + 1]
        return kept[0], kept[1]

    def advance(self) -> None:
        """The step is kept in every layer: the next one begins."""
        self.length += 1

    def reorder(self, rows: Tensor) -> None:
        """Go on from other rows.

        Args:
            rows (Tensor): int64 ``[N']``, the row each new row comes from.
        """
        if self._buffer is not None:
            self._buffer = self._buffer.index_select(2, rows)

    def _room(self, like: Tensor) -> Tensor:
        """The buffer, with room for one more step."""
        if self._buffer is None:
            rows, heads, _, dims = like.shape
            shape = (self.num_layers, 2, rows, heads, SPARE_STEPS, dims)
            self._buffer = like.new_empty(shape)
        elif self.length == self._buffer.shape[4]:
            more = max(SPARE_STEPS, self.length // 2)
            self._buffer = F.pad(self._buffer, (0, 0, 0, more))
        return self._buffer


class CachedAttention(MultiheadAttention):
    """Multi-head attention whose keys and values can be kept.

    Args:
        embed_dims (int): Channels of queries, keys, values and output.
        num_heads (int): Heads; must divide ``embed_dims``.
        dropout (float): Share of attention weights dropped in training.
            Defaults to 0.0.

    Raises:
        ValueError: If ``num_heads`` does not divide ``embed_dims``, or
            ``dropout`` lies outside [0, 1].
    """

    def __init__(
        self, embed_dims: int, num_heads: int, dropout: float = 0.0
    ) -> None:
        super().__init__(embed_dims, num_heads, dropout)

    def causal(self, x: Tensor) -> Tensor:
        """Let every step look at itself and at those before it.

        Args:
            x (Tensor): float ``[B, T, C]``; padding comes last, so that no
                real step sees it.

        Returns:
            Tensor: float ``[B, T, C]``.
        """
        q, k, v = self._project(x, None)
        return self._attend(q, k, v, None, None, causal=True)

    def next(self, x: Tensor, cache: KeyValueCache, layer: int) -> Tensor:
        """Let the next step look at itself and at those kept.

        Args:
            x (Tensor): float ``[N, 1, C]``.
            cache (KeyValueCache): Where this step is kept too.
            layer (int): Which layer of it this is.

        Returns:
            Tensor: float ``[N, 1, C]``.
        """
        q, k, v = self._project(x, None)
        return self._attend(q, *cache.append(layer, k, v), None, None)

    def keys_values(self, source: Tensor) -> KeyValues:
        """Project what will be looked at.

        Args:
            source (Tensor): float ``[B, S, C]``.

        Returns:
            tuple[Tensor, Tensor]: Keys and values, float ``[B, H, S, D]``.
        """
        width = source.shape[-1]
        kv = F.linear(
            source, self.in_proj.weight[width:], self.in_proj.bias[width:]
        )
        k, v = kv.chunk(2, dim=-1)
        return self._split(k), self._split(v)

    def look(
        self,
        x: Tensor,
        kept: KeyValues,
        opened: Tensor | None,
        anything: Tensor | None,
    ) -> Tensor:
        """Let ``x`` look at what was projected.

        Args:
            x (Tensor): float ``[B, T, C]``.
            kept (tuple[Tensor, Tensor]): Of :meth:`keys_values`.
            opened (Tensor | None): Of :func:`~trimodal.models.layers.
                attention.open_mask`: what may be looked at.
            anything (Tensor | None): Of the same: rows with a real key.

        Returns:
            Tensor: float ``[B, T, C]``; zero without a real key.
        """
        width = x.shape[-1]
        q = F.linear(x, self.in_proj.weight[:width], self.in_proj.bias[:width])
        return self._attend(self._split(q), *kept, opened, anything)
