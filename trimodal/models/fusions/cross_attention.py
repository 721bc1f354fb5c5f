"""Fusion by attention between every two modalities.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping, Sequence
from itertools import permutations

import torch
from torch import Tensor, nn

from trimodal.models.fusions.base import (
    BaseFusion,
    Streams,
    check_several,
    join_streams,
    stack_present,
    weigh,
)
from trimodal.models.layers import (
    FeedForward,
    MultiheadAttention,
    ResidualBranch,
    StreamNorms,
    StreamPoolings,
    StreamProjections,
    feedforward_width,
    init_transformer,
)
from trimodal.models.layers.checkpointing import run_layer
from trimodal.models.layers.checks import check_positive
from trimodal.registry import MODELS
from trimodal.structures import Fused


class CrossModalLayer(nn.Module):
    """Each stream looks at every other one, then at itself step by step.

    Args:
        modalities (Sequence[str]): The modalities.
        embed_dims (int): Channels of all streams.
        num_heads (int): Attention heads.
        feedforward_channels (int): Width of the feed-forward parts.
        dropout (float): Dropout of both branches. Defaults to 0.0.
        drop_path (float): Stochastic depth of both branches. Defaults to
            0.0.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        embed_dims: int,
        num_heads: int,
        feedforward_channels: int,
        dropout: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.norm1 = StreamNorms(modalities, embed_dims)
        self.norm2 = StreamNorms(modalities, embed_dims)
        self.attention = nn.ModuleDict(
            {
                f'{query}_from_{key}': MultiheadAttention(
                    embed_dims, num_heads
                )
                for query, key in permutations(modalities, 2)
            }
        )
        self.feedforward = nn.ModuleDict(
            {
                name: FeedForward(embed_dims, feedforward_channels, dropout)
                for name in modalities
            }
        )
        self.branch = ResidualBranch(embed_dims, dropout, drop_path)
        # The feed-forward part ends in its own dropout.
        self.branch2 = ResidualBranch(embed_dims, 0.0, drop_path)
        self.apply(init_transformer)

    def forward(self, streams: Streams) -> Streams:
        """Let the streams (dict of :class:`Tokens`) look at each other."""
        normed = {n: self.norm1[n](s.x) for n, s in streams.items()}
        result = {}
        for name, stream in streams.items():
            x = stream.x + self.branch(self._look(name, normed, streams))
            y = self.feedforward[name](self.norm2[name](x))
            x = x + self.branch2(y)
            result[name] = stream.with_x(x)
        return result

    def _look(
        self, name: str, normed: dict[str, Tensor], streams: Streams
    ) -> Tensor:
        """The mean of what ``name`` finds in each present other one."""
        others = [other for other in streams if other != name]
        found = [
            self.attention[f'{name}_from_{other}'](
                normed[name], normed[other], streams[other].mask
            )
            for other in others
        ]
        there = torch.stack([streams[other].present for other in others])
        count = there.sum(0).clamp(min=1)
        # An absent one gave zeros, so the sum is over the present.
        return torch.stack(found).sum(0) / count[:, None, None]


@MODELS.register_module()
class CrossModalAttentionFusion(BaseFusion):
    """Pairwise attention in both directions, then a gate over modalities.

    In the manner of the `Multimodal Transformer
    <https://arxiv.org/abs/1906.00295>`_ (MulT), but layer by layer: every
    stream attends to every other present one, takes the mean of what it
    found, and passes a feed-forward part; the next layer sees all streams so
    changed. Each stream is then pooled, and a softmax over the present
    modalities weighs them.

    Args:
        modalities (Sequence[str]): The modalities, at least two, in the order
            of the weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Width of the attention and of the result.
        num_layers (int): Layers. Defaults to 2.
        num_heads (int): Attention heads. Defaults to 8.
        feedforward_channels (int | None): Width of the feed-forward parts.
            Defaults to None, four times ``out_channels``.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the steps. Defaults to ``'mean'``.
        dropout (float): Dropout in each layer. Defaults to 0.1.
        drop_path (float): Stochastic depth in each layer. Defaults to 0.0.
        with_cp (bool): Gradient checkpointing: each layer is computed again
            for its gradients, which saves memory. Defaults to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If there are fewer than two modalities, ``num_layers`` is
            not positive, or ``num_heads`` does not divide ``out_channels``.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        num_layers: int = 2,
        num_heads: int = 8,
        feedforward_channels: int | None = None,
        pooling: str = 'mean',
        dropout: float = 0.1,
        drop_path: float = 0.0,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(modalities, in_channels, out_channels, init_cfg)
        check_several(self.modalities)
        inner = feedforward_width(feedforward_channels, out_channels)
        check_positive(num_layers=num_layers)
        self.with_cp = with_cp
        self.projections = StreamProjections(self.in_channels, out_channels)
        self.layers = nn.ModuleList(
            CrossModalLayer(
                self.modalities,
                out_channels,
                num_heads,
                inner,
                dropout,
                drop_path,
            )
            for _ in range(num_layers)
        )
        self.norms = StreamNorms(self.modalities, out_channels)
        self.poolings = StreamPoolings(self.modalities, pooling, out_channels)
        self.gate = nn.Linear(out_channels, 1, bias=False)
        self.projections.apply(init_transformer)
        self.gate.apply(init_transformer)

    def fuse(self, streams: Streams) -> Fused:
        """Attend, pool, weigh.

        Args:
            streams (dict[str, Tokens]): A stream for each modality.

        Returns:
            Fused: tokens are the streams, one after the other.
        """
        streams = self.projections(streams)
        for layer in self.layers:
            streams = run_layer(layer, streams, with_cp=self.with_cp)
        streams = self.norms(streams)
        pooled = self.poolings(streams)
        whole, weights = weigh(
            pooled, self.gate(pooled).squeeze(2), stack_present(streams)
        )
        return Fused(*join_streams(streams), whole, weights)
