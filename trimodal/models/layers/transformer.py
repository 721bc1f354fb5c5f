"""Pre-norm transformer layers, and a stack of them."""

import torch
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from trimodal.models.layers.attention import MultiheadAttention
from trimodal.models.layers.checkpointing import run_layer
from trimodal.models.layers.checks import (
    check_not_negative,
    check_positive,
    check_probability,
)
from trimodal.models.layers.masking import connect

NORM_EPS = 1e-6
INIT_STD = 0.02


class FeedForward(nn.Sequential):
    """Two linear layers with a GELU between, applied to every step.

    Args:
        embed_dims (int): Channels in and out.
        feedforward_channels (int): Channels between.
        dropout (float): Dropout after each layer. Defaults to 0.0.
    """

    def __init__(
        self, embed_dims: int, feedforward_channels: int, dropout: float = 0.0
    ) -> None:
        super().__init__(
            nn.Linear(embed_dims, feedforward_channels),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(feedforward_channels, embed_dims),
            nn.Dropout(dropout),
        )


class LayerScale(nn.Module):
    """A learned factor per channel on a residual branch.

    From `Going Deeper with Image Transformers
    <https://arxiv.org/abs/2103.17239>`_.

    Args:
        embed_dims (int): Channels.
        value (float): What the factors start from.
    """

    def __init__(self, embed_dims: int, value: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((embed_dims,), value))

    def forward(self, x: Tensor) -> Tensor:
        """Scale ``x`` (float ``[..., C]``)."""
        return x * self.weight


class ResidualBranch(nn.Module):
    """What a branch passes on its way back into the residual stream.

    Dropout, then the optional layer scale, then stochastic depth (`Deep
    Networks with Stochastic Depth <https://arxiv.org/abs/1603.09382>`_), by
    sample.

    Args:
        embed_dims (int): Channels.
        dropout (float): Dropout of single values.
        drop_path (float): Probability of dropping a sample's branch.
        layer_scale (float | None): Start of the layer scale; None for none.
    """

    def __init__(
        self,
        embed_dims: int,
        dropout: float = 0.0,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
    ) -> None:
        super().__init__()
        check_probability(dropout=dropout, drop_path=drop_path)
        self.dropout = nn.Dropout(dropout)
        self.scale = (
            nn.Identity()
            if layer_scale is None
            else LayerScale(embed_dims, layer_scale)
        )
        self.drop_path = StochasticDepth(drop_path, mode='row')

    def forward(self, x: Tensor) -> Tensor:
        """Pass ``x`` (float ``[B, T, C]``)."""
        return self.drop_path(self.scale(self.dropout(x)))


class TransformerLayer(nn.Module):
    """Self-attention and feed-forward, each normalised before it is applied.

    From `On Layer Normalization in the Transformer Architecture
    <https://arxiv.org/abs/2002.04745>`_.

    Args:
        embed_dims (int): Channels.
        num_heads (int): Attention heads.
        feedforward_channels (int): Channels inside the feed-forward part.
        dropout (float): Dropout of both branches. Defaults to 0.0.
        attention_dropout (float): Dropout of attention weights. Defaults to
            0.0.
        drop_path (float): Stochastic depth of both branches. Defaults to
            0.0.
        layer_scale (float | None): Start of the layer scale. Defaults to
            None, no layer scale.
        rotary (bool): Whether attention turns queries and keys by their
            positions. Defaults to False.
    """

    def __init__(
        self,
        embed_dims: int,
        num_heads: int,
        feedforward_channels: int,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
        rotary: bool = False,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.attention = MultiheadAttention(
            embed_dims, num_heads, dropout=attention_dropout, rotary=rotary
        )
        self.branch1 = ResidualBranch(
            embed_dims, dropout, drop_path, layer_scale
        )
        self.norm2 = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.feedforward = FeedForward(
            embed_dims, feedforward_channels, dropout
        )
        # The feed-forward part ends in its own dropout.
        self.branch2 = ResidualBranch(embed_dims, 0.0, drop_path, layer_scale)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Apply the layer.

        Args:
            x (Tensor): float ``[B, T, C]``.
            mask (Tensor | None): bool ``[B, T]``, True for real steps.
                Defaults to None: all are real.

        Returns:
            Tensor: float ``[B, T, C]``; masked steps hold no meaning.
        """
        x = x + self.branch1(self.attention(self.norm1(x), key_mask=mask))
        return x + self.branch2(self.feedforward(self.norm2(x)))


class TransformerEncoder(nn.Module):
    """Transformer layers one after the other, and a last normalisation.

    Args:
        num_layers (int): Layers; 0 leaves the normalisation alone.
        embed_dims (int): Channels.
        num_heads (int): Attention heads.
        feedforward_channels (int): Channels inside the feed-forward parts.
        dropout (float): Dropout of the branches. Defaults to 0.0.
        attention_dropout (float): Dropout of attention weights. Defaults to
            0.0.
        drop_path (float): Stochastic depth of the last layer; it grows from
            0 linearly. Defaults to 0.0.
        layer_scale (float | None): Start of the layer scale. Defaults to
            None, no layer scale.
        rotary (bool): Whether attention turns queries and keys by their
            positions. Defaults to False.
        layerdrop (float): Probability of leaving out a whole layer in
            training, for the whole batch: `Reducing Transformer Depth on
            Demand with Structured Dropout
            <https://arxiv.org/abs/1909.11556>`_. Each process draws for
            itself, as it does for all dropout; a layer left out stays in the
            graph, with a gradient of zero. Defaults to 0.0.
        with_cp (bool): Gradient checkpointing: each layer is computed again
            for its gradients, which saves memory. Defaults to False.

    Raises:
        ValueError: If ``num_layers`` is negative, a width is not positive,
            or a probability lies outside [0, 1].
    """

    def __init__(
        self,
        num_layers: int,
        embed_dims: int,
        num_heads: int,
        feedforward_channels: int,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
        rotary: bool = False,
        layerdrop: float = 0.0,
        with_cp: bool = False,
    ) -> None:
        super().__init__()
        check_not_negative(num_layers=num_layers)
        check_positive(
            embed_dims=embed_dims, feedforward_channels=feedforward_channels
        )
        check_probability(drop_path=drop_path, layerdrop=layerdrop)
        self.layerdrop = layerdrop
        self.with_cp = with_cp
        self.layers = nn.ModuleList(
            TransformerLayer(
                embed_dims,
                num_heads,
                feedforward_channels,
                dropout,
                attention_dropout,
                drop_path * index / max(num_layers - 1, 1),
                layer_scale,
                rotary,
            )
            for index in range(num_layers)
        )
        self.norm = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.apply(init_transformer)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Apply every layer to ``x`` (float ``[B, T, C]``)."""
        for layer in self.layers:
            if self._drops():
                x = connect(x, layer)
            else:
                x = run_layer(layer, x, mask, with_cp=self.with_cp)
        return self.norm(x)

    def _drops(self) -> bool:
        if not self.training or self.layerdrop == 0:
            return False
        return torch.rand(()).item() < self.layerdrop


def feedforward_width(channels: int | None, embed_dims: int) -> int:
    """The width inside of feed-forward parts.

    Args:
        channels (int | None): What was asked for; None means four times
            ``embed_dims``.
        embed_dims (int): Channels in and out.

    Returns:
        int: The width.

    Raises:
        ValueError: If ``channels`` is not positive.
    """
    if channels is None:
        return 4 * embed_dims
    check_positive(feedforward_channels=channels)
    return channels


def init_transformer(module: nn.Module) -> None:
    """Draw a linear layer from a truncated normal; for ``Module.apply``."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=INIT_STD)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
