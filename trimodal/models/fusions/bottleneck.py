"""Fusion through a few tokens that all modalities share.

Shape letters: see :mod:`trimodal.structures.streams`; N bottleneck tokens.
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.fusions.base import (
    BaseFusion,
    Streams,
    join_streams,
    stack_present,
    weigh,
)
from trimodal.models.layers import (
    StreamNorms,
    StreamProjections,
    TransformerLayer,
    feedforward_width,
    init_transformer,
    learned_vectors,
    masked_mean,
)
from trimodal.models.layers.checkpointing import run_layer
from trimodal.models.layers.checks import check_positive
from trimodal.registry import MODELS
from trimodal.structures import Fused

Steps = dict[str, Tensor]


class BottleneckLayer(nn.ModuleDict):
    """A transformer layer of its own for each modality.

    Args:
        layers (Mapping[str, TransformerLayer]): The layer of each.
    """

    def forward(self, x: Steps, masks: Mapping[str, Tensor]) -> Steps:
        """Apply each layer to what stands under its name."""
        return {name: self[name](x[name], masks[name]) for name in x}


@MODELS.register_module()
class BottleneckFusion(BaseFusion):
    """Transformers that exchange what passes through bottleneck tokens.

    From `Attention Bottlenecks for Multimodal Fusion
    <https://arxiv.org/abs/2107.00135>`_ (MBT). Each modality has transformer
    layers and a class token of its own. From layer ``fusion_layer`` on, a
    modality's steps also attend to ``num_bottlenecks`` shared tokens z::

        [x_m; z_m] <- layer_m([x_m; z]),  z <- mean of z_m over the present m

    Nothing else crosses over, and it takes two such layers: what a modality
    writes in one, the others read in the next. The class tokens are weighed
    by a softmax over the present modalities; it starts near the plain mean,
    which the paper takes (of the class scores).

    Args:
        modalities (Sequence[str]): The modalities, in the order of the
            weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Width of the layers and of the result.
        num_layers (int): Layers. Defaults to 4.
        fusion_layer (int): The first layer with the bottleneck, from 0.
            Defaults to 2.
        num_bottlenecks (int): Shared tokens. Defaults to 4.
        num_heads (int): Attention heads. Defaults to 8.
        feedforward_channels (int | None): Width of the feed-forward parts.
            Defaults to None, four times ``out_channels``.
        dropout (float): Dropout in each layer. Defaults to 0.1.
        with_cp (bool): Gradient checkpointing: each layer is computed again
            for its gradients, which saves memory. Defaults to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If a number is not positive, ``fusion_layer`` is not one
            of the layers, or ``num_heads`` does not divide ``out_channels``.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        num_layers: int = 4,
        fusion_layer: int = 2,
        num_bottlenecks: int = 4,
        num_heads: int = 8,
        feedforward_channels: int | None = None,
        dropout: float = 0.1,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(modalities, in_channels, out_channels, init_cfg)
        inner = feedforward_width(feedforward_channels, out_channels)
        check_positive(
            num_layers=num_layers,
            num_bottlenecks=num_bottlenecks,
        )
        if not 0 <= fusion_layer < num_layers:
            raise ValueError(
                f'fusion_layer must be one of the {num_layers} layers, from '
                f'0, got {fusion_layer}'
            )
        self.fusion_layer = fusion_layer
        self.with_cp = with_cp
        self.projections = StreamProjections(self.in_channels, out_channels)
        self.cls = learned_vectors(len(self.modalities), out_channels)
        self.bottleneck = learned_vectors(num_bottlenecks, out_channels)
        self.layers = nn.ModuleList(
            BottleneckLayer(
                {
                    name: TransformerLayer(
                        out_channels, num_heads, inner, dropout
                    )
                    for name in self.modalities
                }
            )
            for _ in range(num_layers)
        )
        self.norms = StreamNorms(self.modalities, out_channels)
        self.gate = nn.Linear(out_channels, 1, bias=False)
        self.apply(init_transformer)

    def fuse(self, streams: Streams) -> Fused:
        """Attend within each modality, then also to the bottleneck.

        Args:
            streams (dict[str, Tokens]): A stream for each modality.

        Returns:
            Fused: tokens are the streams, one after the other, without
            class and bottleneck tokens.
        """
        x, masks = {}, {}
        for index, (name, s) in enumerate(self.projections(streams).items()):
            x[name] = prepend(self.cls[index : index + 1], s.x)
            # The class token is there even where the modality is not: it
            # sees only itself then, and is left out of every mean.
            masks[name] = F.pad(s.mask, (1, 0), value=True)
        present = stack_present(streams)
        for layer in self.layers[: self.fusion_layer]:
            x = run_layer(layer, x, masks, with_cp=self.with_cp)
        x = self._exchange(x, masks, present)
        x = {name: self.norms[name](x[name]) for name in x}
        pooled = torch.stack([y[:, 0] for y in x.values()], dim=1)
        whole, weights = weigh(pooled, self.gate(pooled).squeeze(2), present)
        steps = {n: s.with_x(x[n][:, 1:]) for n, s in streams.items()}
        return Fused(*join_streams(steps), whole, weights)

    def _exchange(
        self, x: Steps, masks: Mapping[str, Tensor], present: Tensor
    ) -> Steps:
        """The layers with the bottleneck.

        Args:
            x (dict[str, Tensor]): Class token and steps of each modality,
                float ``[B, 1 + T, C]``.
            masks (Mapping[str, Tensor]): bool ``[B, 1 + T]``.
            present (Tensor): bool ``[B, M]``.

        Returns:
            dict[str, Tensor]: ``x`` afterwards.
        """
        size = len(self.bottleneck)
        masks = {n: F.pad(m, (size, 0), value=True) for n, m in masks.items()}
        shared: Tensor = self.bottleneck
        for layer in self.layers[self.fusion_layer :]:
            both = {n: prepend(shared, y) for n, y in x.items()}
            both = run_layer(layer, both, masks, with_cp=self.with_cp)
            shared = average([y[:, :size] for y in both.values()], present)
            x = {name: y[:, size:] for name, y in both.items()}
        return x


def prepend(tokens: Tensor, x: Tensor) -> Tensor:
    """Put ``tokens`` (float ``[N, C]`` or ``[B, N, C]``) before ``x``."""
    return torch.cat([tokens.expand(len(x), -1, -1).to(x.dtype), x], dim=1)


def average(updates: Sequence[Tensor], present: Tensor) -> Tensor:
    """The mean of the bottlenecks of the present modalities.

    Args:
        updates (Sequence[Tensor]): float ``[B, N, C]``, one a modality.
        present (Tensor): bool ``[B, M]``.

    Returns:
        Tensor: float ``[B, N, C]``; zero where all are absent.
    """
    stacked = torch.stack(list(updates), dim=1)
    mask = present.unsqueeze(2).expand(stacked.shape[:3])
    return masked_mean(stacked, mask, 1)
