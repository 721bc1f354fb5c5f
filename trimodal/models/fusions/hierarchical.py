"""Fusion at three levels: of features, of meanings, of decisions.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping, Sequence

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
from trimodal.models.fusions.cross_attention import CrossModalLayer
from trimodal.models.layers import (
    StreamNorms,
    StreamPoolings,
    StreamProjections,
    TransformerEncoder,
    VectorMap,
    feedforward_width,
    init_transformer,
    masked_mean,
)
from trimodal.models.layers.checkpointing import run_layer
from trimodal.models.layers.checks import check_positive
from trimodal.models.layers.transformer import NORM_EPS
from trimodal.registry import MODELS
from trimodal.structures import Fused


@MODELS.register_module()
class HierarchicalFusion(BaseFusion):
    """Features, then meanings, then decisions, each fed by what is below.

    ::

        inputs ──> feature level ──> semantic level ──> decision level ──>
          └── pooled ── skip ───────────┘  │  │            │         │
                          └── pooled ──────┘  │            │         │
                                 └───── skip ─┼────────────┘         │
                                              └──────── skip ────────┘

    - Feature level: steps of every stream attend to those of every other
      one, in both directions.
    - Semantic level: one vector a modality, from its pooled features and its
      pooled input; a transformer relates the modalities' vectors.
    - Decision level: each modality decides from its meaning and its
      features; a softmax over the present ones, from their meanings, weighs
      the decisions (the weights), and the mean meaning is added.

    Levels as told apart in `Multimodal Fusion for Multimedia Analysis: A
    Survey <https://doi.org/10.1007/s00530-010-0182-0>`_; fusing the local
    before the global, with skips, as in `Hierarchical Feature Fusion Network
    <https://aclanthology.org/P19-1046>`_ (HFFN); its parts differ from both.

    Args:
        modalities (Sequence[str]): The modalities, at least two, in the order
            of the weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Width of all levels and of the result.
        num_layers (int): Layers of the feature level. Defaults to 1.
        num_semantic_layers (int): Layers of the semantic level. Defaults to
            1.
        num_heads (int): Attention heads of both. Defaults to 8.
        feedforward_channels (int | None): Width of the feed-forward parts.
            Defaults to None, four times ``out_channels``.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the steps. Defaults to ``'mean'``.
        dropout (float): Dropout in each layer. Defaults to 0.1.
        with_cp (bool): Gradient checkpointing: each layer is computed again
            for its gradients, which saves memory. Defaults to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If there are fewer than two modalities, a number is not
            positive, ``num_heads`` does not divide ``out_channels``, or
            ``pooling`` is unknown.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        num_layers: int = 1,
        num_semantic_layers: int = 1,
        num_heads: int = 8,
        feedforward_channels: int | None = None,
        pooling: str = 'mean',
        dropout: float = 0.1,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(modalities, in_channels, out_channels, init_cfg)
        check_several(self.modalities)
        inner = feedforward_width(feedforward_channels, out_channels)
        check_positive(
            num_layers=num_layers,
            num_semantic_layers=num_semantic_layers,
        )
        names, width = self.modalities, out_channels
        sizes = width, num_heads, inner, dropout
        self.projections = StreamProjections(self.in_channels, width)
        self.layers = nn.ModuleList(
            CrossModalLayer(names, *sizes) for _ in range(num_layers)
        )
        self.norms = StreamNorms(names, width)
        self.input_poolings = StreamPoolings(names, pooling, width)
        self.poolings = StreamPoolings(names, pooling, width)
        self.meanings = VectorMap(
            {name: nn.Linear(2 * width, width) for name in names}
        )
        self.with_cp = with_cp
        self.relate = TransformerEncoder(
            num_semantic_layers, *sizes, with_cp=with_cp
        )
        self.decisions = VectorMap(
            {
                name: nn.Sequential(
                    nn.Linear(2 * width, width),
                    nn.GELU(),
                    nn.Linear(width, width),
                )
                for name in names
            }
        )
        self.gate = nn.Linear(width, 1, bias=False)
        self.norm = nn.LayerNorm(width, eps=NORM_EPS)
        for part in (self.projections, self.meanings, self.decisions):
            part.apply(init_transformer)
        self.gate.apply(init_transformer)

    def fuse(self, streams: Streams) -> Fused:
        """Pass the three levels.

        Args:
            streams (dict[str, Tokens]): A stream for each modality.

        Returns:
            Fused: tokens are the streams after the feature level, one after
            the other.
        """
        inputs = self.projections(streams)
        present = stack_present(streams)
        steps = self.feature_level(inputs)
        features = self.poolings(steps)
        meanings = self.semantic_level(
            features, self.input_poolings(inputs), present
        )
        pooled, weights = self.decision_level(meanings, features, present)
        return Fused(*join_streams(steps), pooled, weights)

    def feature_level(self, streams: Streams) -> Streams:
        """Relate the steps of the streams (dict of :class:`Tokens`)."""
        for layer in self.layers:
            streams = run_layer(layer, streams, with_cp=self.with_cp)
        return self.norms(streams)

    def semantic_level(
        self, features: Tensor, inputs: Tensor, present: Tensor
    ) -> Tensor:
        """Relate the modalities.

        Args:
            features (Tensor): float ``[B, M, C]``, the feature level, pooled.
            inputs (Tensor): float ``[B, M, C]``, the inputs, pooled.
            present (Tensor): bool ``[B, M]``.

        Returns:
            Tensor: float ``[B, M, C]``.
        """
        vectors = self.meanings(torch.cat([features, inputs], dim=2))
        return self.relate(vectors, present)

    def decision_level(
        self, meanings: Tensor, features: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Decide in each modality, and weigh the decisions.

        Args:
            meanings (Tensor): float ``[B, M, C]``, from the semantic level.
            features (Tensor): float ``[B, M, C]``, the feature level, pooled.
            present (Tensor): bool ``[B, M]``.

        Returns:
            tuple[Tensor, Tensor]: float ``[B, C]`` and the weights, float
            ``[B, M]``.
        """
        decisions = self.decisions(torch.cat([meanings, features], dim=2))
        scores = self.gate(meanings).squeeze(2)
        whole, weights = weigh(decisions, scores, present)
        whole = whole + masked_mean(meanings, present, 1)
        return self.norm(whole), weights
