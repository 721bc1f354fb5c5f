"""Fusion by addition.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from trimodal.models.fusions.base import (
    BaseFusion,
    Streams,
    join_streams,
    norm_shares,
    stack_present,
)
from trimodal.models.layers import (
    StreamPoolings,
    StreamProjections,
    init_transformer,
    learned_vectors,
)
from trimodal.models.layers.transformer import NORM_EPS
from trimodal.registry import MODELS
from trimodal.structures import Fused


@MODELS.register_module()
class SumFusion(BaseFusion):
    """The sum of the modalities' pooled vectors, normalised.

    The baseline of `Multimodal Machine Learning: A Survey and Taxonomy
    <https://arxiv.org/abs/1705.09406>`_. Each stream is projected step by
    step and pooled; where a modality is absent, a learned vector is added
    instead. The weights are the norms of what is added, as shares; they only
    tell.

    Args:
        modalities (Sequence[str]): The modalities, in the order of the
            weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Channels of the result.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the steps. Defaults to ``'mean'``.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        pooling: str = 'mean',
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(modalities, in_channels, out_channels, init_cfg)
        self.projections = StreamProjections(
            self.in_channels, out_channels, norm=True
        )
        self.poolings = StreamPoolings(self.modalities, pooling, out_channels)
        self.absent = learned_vectors(len(self.modalities), out_channels)
        self.norm = nn.LayerNorm(out_channels, eps=NORM_EPS)
        self.apply(init_transformer)

    def fuse(self, streams: Streams) -> Fused:
        """Project, pool, add.

        Args:
            streams (dict[str, Tokens]): A stream for each modality.

        Returns:
            Fused: tokens are the projected streams, one after the other.
        """
        projected = self.projections(streams)
        present = stack_present(projected)
        pooled = self.poolings(projected)
        parts = torch.where(present.unsqueeze(2), pooled, self.absent)
        return Fused(
            *join_streams(projected),
            self.norm(parts.sum(1)),
            norm_shares(parts, present),
        )
