"""A transformer decoder: all steps at once, or one after the other.

Shape letters: see :mod:`trimodal.structures.streams`; S steps of the memory,
K beams of a sample.
"""

from collections.abc import Iterator
from typing import cast

from torch import Tensor, nn

from trimodal.models.layers.attention import open_mask
from trimodal.models.layers.cached_attention import CachedAttention
from trimodal.models.layers.checkpointing import run_layer
from trimodal.models.layers.checks import check_positive
from trimodal.models.layers.decoder_state import DecoderState, Memory
from trimodal.models.layers.transformer import (
    NORM_EPS,
    FeedForward,
    ResidualBranch,
    init_transformer,
)


class TransformerDecoderLayer(nn.Module):
    """Causal self-attention, attention to a memory, and feed-forward.

    Each is normalised before it is applied: `On Layer Normalization in the
    Transformer Architecture <https://arxiv.org/abs/2002.04745>`_.

    Args:
        embed_dims (int): Channels.
        num_heads (int): Attention heads.
        feedforward_channels (int): Channels inside the feed-forward part.
        dropout (float): Dropout of the branches. Defaults to 0.0.
        attention_dropout (float): Dropout of attention weights. Defaults to
            0.0.
    """

    def __init__(
        self,
        embed_dims: int,
        num_heads: int,
        feedforward_channels: int,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.attention = CachedAttention(
            embed_dims, num_heads, attention_dropout
        )
        self.branch1 = ResidualBranch(embed_dims, dropout)
        self.norm2 = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.memory_attention = CachedAttention(
            embed_dims, num_heads, attention_dropout
        )
        self.branch2 = ResidualBranch(embed_dims, dropout)
        self.norm3 = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.feedforward = FeedForward(
            embed_dims, feedforward_channels, dropout
        )

    def forward(self, x: Tensor, memory: Memory, layer: int) -> Tensor:
        """Apply the layer to all steps.

        Args:
            x (Tensor): float ``[B, T, C]``.
            memory (Memory): What is looked at.
            layer (int): Which of its layers is meant.

        Returns:
            Tensor: float ``[B, T, C]``.
        """
        x = x + self.branch1(self.attention.causal(self.norm1(x)))
        return self._rest(x, memory, layer)

    def next(self, x: Tensor, state: DecoderState, layer: int) -> Tensor:
        """Apply the layer to the next step.

        Args:
            x (Tensor): float ``[B, K, C]``.
            state (DecoderState): What was before.
            layer (int): Which layer of it this is.

        Returns:
            Tensor: float ``[B, K, C]``.
        """
        # Beams know of themselves only, so each is a row of one step; at the
        # memory they look alike, as if they were steps of their sample.
        rows = self.norm1(x).flatten(0, 1).unsqueeze(1)
        found = self.attention.next(rows, state.cache, layer).view_as(x)
        return self._rest(x + self.branch1(found), state.memory, layer)

    def _rest(self, x: Tensor, memory: Memory, layer: int) -> Tensor:
        found = self.memory_attention.look(
            self.norm2(x),
            memory.layers[layer],
            memory.opened,
            memory.anything,
        )
        x = x + self.branch2(found)
        return x + self.feedforward(self.norm3(x))


class TransformerDecoder(nn.Module):
    """Decoder layers one after the other, and a last normalisation.

    From `Attention Is All You Need <https://arxiv.org/abs/1706.03762>`_::

        forward(x, memory)   all steps at once, none seeing a later one
        start(memory) > next(x, state) > next(x, state) ...
                             one step at a time: the same, but each step is
                             computed once

    Args:
        num_layers (int): Layers.
        embed_dims (int): Channels.
        num_heads (int): Attention heads.
        feedforward_channels (int): Channels inside the feed-forward parts.
        dropout (float): Dropout of the branches. Defaults to 0.0.
        attention_dropout (float): Dropout of attention weights. Defaults to
            0.0.
        with_cp (bool): Gradient checkpointing: each layer is computed again
            for its gradients, which saves memory. Defaults to False.

    Raises:
        ValueError: If a width or number is not positive, ``num_heads`` does
            not divide ``embed_dims``, or a probability lies outside [0, 1].
    """

    def __init__(
        self,
        num_layers: int,
        embed_dims: int,
        num_heads: int,
        feedforward_channels: int,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        with_cp: bool = False,
    ) -> None:
        super().__init__()
        self.with_cp = with_cp
        check_positive(
            num_layers=num_layers,
            embed_dims=embed_dims,
            feedforward_channels=feedforward_channels,
        )
        self.layers = nn.ModuleList(
            TransformerDecoderLayer(
                embed_dims,
                num_heads,
                feedforward_channels,
                dropout,
                attention_dropout,
            )
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.apply(init_transformer)

    def forward(
        self, x: Tensor, memory: Tensor, memory_mask: Tensor | None = None
    ) -> Tensor:
        """Apply every layer to all steps.

        Args:
            x (Tensor): float ``[B, T, C]``; padding comes last.
            memory (Tensor): float ``[B, S, C]``.
            memory_mask (Tensor | None): bool ``[B, S]``, True for real steps.
                Defaults to None: all are real.

        Returns:
            Tensor: float ``[B, T, C]``; padding holds no meaning.
        """
        projected = self._memory(memory, memory_mask)
        for index, layer in enumerate(self.layers):
            x = run_layer(layer, x, projected, index, with_cp=self.with_cp)
        return self.norm(x)

    def start(
        self, memory: Tensor, memory_mask: Tensor | None = None
    ) -> DecoderState:
        """Begin sequences, one a row of ``memory``; see :meth:`forward`."""
        return DecoderState(self._memory(memory, memory_mask))

    def next(self, x: Tensor, state: DecoderState) -> Tensor:
        """Apply every layer to the next step.

        Args:
            x (Tensor): float ``[B, K, C]``, the step of each beam.
            state (DecoderState): Of :meth:`start`; takes this step up.

        Returns:
            Tensor: float ``[B, K, C]``.
        """
        for index, layer in enumerate(self._layers()):
            x = layer.next(x, state, index)
        state.cache.advance()
        return self.norm(x)

    def _memory(self, memory: Tensor, memory_mask: Tensor | None) -> Memory:
        layers = tuple(
            layer.memory_attention.keys_values(memory)
            for layer in self._layers()
        )
        return Memory(layers, *open_mask(memory_mask))

    def _layers(self) -> Iterator[TransformerDecoderLayer]:
        for layer in self.layers:
            yield cast(TransformerDecoderLayer, layer)
