"""Fusion by a Perceiver resampler.

Shape letters: see :mod:`trimodal.structures.streams`; ``N`` latents.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from trimodal.models.fusions.base import (
    BaseFusion,
    Streams,
    shares,
    stack_present,
    stream_lengths,
)
from trimodal.models.layers import (
    FeedForward,
    MultiheadAttention,
    ResidualBranch,
    StreamProjections,
    feedforward_width,
    init_transformer,
    learned_vectors,
)
from trimodal.models.layers.checkpointing import run_layer
from trimodal.models.layers.checks import check_positive
from trimodal.models.layers.transformer import NORM_EPS
from trimodal.registry import MODELS
from trimodal.structures import Fused


class PerceiverLayer(nn.Module):
    """Latents look at the steps and at each other, then at themselves.

    Args:
        embed_dims (int): Channels.
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
        self.norm_steps = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.norm_latents = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.attention = MultiheadAttention(embed_dims, num_heads)
        self.norm = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.feedforward = FeedForward(
            embed_dims, feedforward_channels, dropout
        )
        self.branch = ResidualBranch(embed_dims, dropout)

    def forward(
        self,
        latents: Tensor,
        x: Tensor,
        mask: Tensor | None,
        lengths: Sequence[int],
    ) -> tuple[Tensor, Tensor]:
        """Apply the layer.

        Args:
            latents (Tensor): float ``[B, N, C]``.
            x (Tensor): float ``[B, T, C]``, what is looked at.
            mask (Tensor | None): bool ``[B, T + N]``, True for real steps and
                for the latents; None: all are real.
            lengths (Sequence[int]): Lengths of the ``M`` streams in ``x``.

        Returns:
            tuple[Tensor, Tensor]: The latents, and how much of their
            attention each stream got, float32 ``[B, M]``.
        """
        query = self.norm_latents(latents)
        seen = torch.cat([self.norm_steps(x), query], dim=1)
        stretches = [*lengths, query.shape[1]]
        found, looked = self.attention.with_shares(
            query, seen, stretches, mask
        )
        latents = latents + self.branch(found)
        latents = latents + self.feedforward(self.norm(latents))
        return latents, looked[:, :-1]


@MODELS.register_module()
class PerceiverFusion(BaseFusion):
    """A few learned latents gather what all streams hold.

    The resampler of `Flamingo <https://arxiv.org/abs/2204.14198>`_, after
    `Perceiver <https://arxiv.org/abs/2103.03206>`_: in every layer the
    latents attend to the steps of all streams and to themselves. However long
    the streams, what comes out has ``num_latents`` steps, and time grows with
    the length, not with its square. Absent modalities have no steps. The
    result is the latents' mean.

    The weights tell where the latents looked: each modality's share of the
    attention that went to the streams, over all layers, heads and latents.

    Args:
        modalities (Sequence[str]): The modalities, in the order of the
            weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Width of the latents and of the result.
        num_latents (int): Latents. Defaults to 16.
        num_layers (int): Layers. Defaults to 2.
        num_heads (int): Attention heads. Defaults to 8.
        feedforward_channels (int | None): Width of the feed-forward parts.
            Defaults to None, four times ``out_channels``.
        dropout (float): Dropout in each layer. Defaults to 0.1.
        with_cp (bool): Gradient checkpointing: each layer is computed again
            for its gradients, which saves memory. Defaults to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If a number is not positive, ``num_heads`` does not divide
            ``out_channels``, or ``dropout`` lies outside [0, 1].
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        num_latents: int = 16,
        num_layers: int = 2,
        num_heads: int = 8,
        feedforward_channels: int | None = None,
        dropout: float = 0.1,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(modalities, in_channels, out_channels, init_cfg)
        inner = feedforward_width(feedforward_channels, out_channels)
        check_positive(
            num_latents=num_latents,
            num_layers=num_layers,
        )
        self.with_cp = with_cp
        self.projections = StreamProjections(self.in_channels, out_channels)
        self.latents = learned_vectors(num_latents, out_channels)
        self.layers = nn.ModuleList(
            PerceiverLayer(out_channels, num_heads, inner, dropout)
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(out_channels, eps=NORM_EPS)
        self.apply(init_transformer)

    def fuse(self, streams: Streams) -> Fused:
        """Let the latents look at the streams, layer by layer.

        Args:
            streams (dict[str, Tokens]): A stream for each modality.

        Returns:
            Fused: tokens are the latents, ``T = num_latents``; none is real
            where every modality is absent.
        """
        x, mask = self.projections.join(streams)
        latents = self.latents.expand(len(x), -1, -1)
        own = mask.new_ones(latents.shape[:2])
        opened = None if bool(mask.all()) else torch.cat([mask, own], dim=1)
        lengths, looked = stream_lengths(streams), []
        for layer in self.layers:
            given = (latents, x, opened, lengths)
            latents, parts = run_layer(layer, *given, with_cp=self.with_cp)
            looked.append(parts)
        latents = self.norm(latents)
        present = stack_present(streams)
        real = own & present.any(1, keepdim=True)
        return Fused(
            latents.masked_fill(~real.unsqueeze(2), 0),
            real,
            latents.mean(1),
            shares(torch.stack(looked).sum(0), present),
        )
