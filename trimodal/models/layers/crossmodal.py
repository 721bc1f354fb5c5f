"""Transformer layers in which one sequence looks at another.

Shape letters: see :mod:`trimodal.structures.streams`; S steps of the source.
"""

from torch import Tensor, nn

from trimodal.models.layers.attention import MultiheadAttention
from trimodal.models.layers.checkpointing import run_layer
from trimodal.models.layers.checks import check_positive
from trimodal.models.layers.transformer import (
    NORM_EPS,
    FeedForward,
    ResidualBranch,
    init_transformer,
)


class CrossmodalLayer(nn.Module):
    """One crossmodal block of the Multimodal Transformer.

    From `Multimodal Transformer for Unaligned Multimodal Language Sequences
    <https://arxiv.org/abs/1906.00295>`_, section 3.2::

        y = CM(LN(z), LN(s)) + LN(z)
        z = FF(LN(y)) + LN(y)

    with attention ``CM`` from the target ``z`` to the source ``s``. As
    printed there, the residuals are normalised too.

    Args:
        embed_dims (int): Channels of both sequences.
        num_heads (int): Attention heads.
        feedforward_channels (int): Width of the feed-forward part.
        dropout (float): Dropout of both branches. Defaults to 0.0.
    """

    def __init__(
        self,
        embed_dims: int,
        num_heads: int,
        feedforward_channels: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.source_norm = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.attention = MultiheadAttention(embed_dims, num_heads)
        self.branch = ResidualBranch(embed_dims, dropout)
        self.norm2 = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.feedforward = FeedForward(
            embed_dims, feedforward_channels, dropout
        )

    def forward(
        self, x: Tensor, source: Tensor, source_mask: Tensor
    ) -> Tensor:
        """Let ``x`` look at ``source``.

        Args:
            x (Tensor): float ``[B, T, C]``.
            source (Tensor): float ``[B, S, C]``.
            source_mask (Tensor): bool ``[B, S]``, True for real steps.

        Returns:
            Tensor: float ``[B, T, C]``; where the source has no real step,
            nothing of it is in there.
        """
        x = self.norm1(x)
        found = self.attention(x, self.source_norm(source), source_mask)
        x = self.norm2(x + self.branch(found))
        return x + self.feedforward(x)


class CrossmodalTransformer(nn.Module):
    """Crossmodal blocks one after the other, all looking at one source.

    The source is the same in every block: what it was before any of them
    ("low-level features" in the paper).

    Args:
        num_layers (int): Blocks.
        embed_dims (int): Channels of both sequences.
        num_heads (int): Attention heads.
        feedforward_channels (int): Width of the feed-forward parts.
        dropout (float): Dropout of the branches. Defaults to 0.0.
        with_cp (bool): Gradient checkpointing: each layer is computed again
            for its gradients, which saves memory. Defaults to False.

    Raises:
        ValueError: If a number is not positive, or ``num_heads`` does not
            divide ``embed_dims``.
    """

    def __init__(
        self,
        num_layers: int,
        embed_dims: int,
        num_heads: int,
        feedforward_channels: int,
        dropout: float = 0.0,
        with_cp: bool = False,
    ) -> None:
        super().__init__()
        self.with_cp = with_cp
        check_positive(
            num_layers=num_layers, feedforward_channels=feedforward_channels
        )
        self.layers = nn.ModuleList(
            CrossmodalLayer(
                embed_dims, num_heads, feedforward_channels, dropout
            )
            for _ in range(num_layers)
        )
        self.apply(init_transformer)

    def forward(
        self, x: Tensor, source: Tensor, source_mask: Tensor
    ) -> Tensor:
        """Apply every block; see :meth:`CrossmodalLayer.forward`."""
        for layer in self.layers:
            x = run_layer(layer, x, source, source_mask, with_cp=self.with_cp)
        return x
