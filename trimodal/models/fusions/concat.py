"""Fusion by concatenation.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from trimodal.models.fusions.base import norm_shares
from trimodal.models.fusions.pooled import Combined, PooledFusion
from trimodal.models.layers import (
    StreamMixes,
    init_transformer,
    learned_vectors,
)
from trimodal.models.layers.checks import check_probability
from trimodal.models.layers.transformer import NORM_EPS
from trimodal.registry import MODELS


@MODELS.register_module()
class ConcatFusion(PooledFusion):
    """A linear layer over the modalities' pooled vectors, side by side.

    Early joint representations as in `Multimodal Deep Learning
    <https://icml.cc/2011/papers/399_icmlpaper.pdf>`_. Each stream is projected
    step by step and pooled; where a modality is absent, a learned vector
    stands in its place. A linear layer over a concatenation is a sum of one
    contribution per modality, so the norms of these, as shares, are the
    weights.

    Args:
        modalities (Sequence[str]): The modalities, in the order of the
            weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Channels of the result.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the steps. Defaults to ``'mean'``.
        dropout (float): Dropout of the pooled vectors. Defaults to 0.0.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        pooling: str = 'mean',
        dropout: float = 0.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(
            modalities, in_channels, out_channels, pooling, init_cfg
        )
        check_probability(dropout=dropout)
        self.absent = learned_vectors(len(self.modalities), out_channels)
        self.dropout = nn.Dropout(dropout)
        self.mixes = StreamMixes(self.modalities, out_channels, out_channels)
        self.norm = nn.LayerNorm(out_channels, eps=NORM_EPS)
        self.projections.apply(init_transformer)

    def combine(self, pooled: Tensor, present: Tensor) -> Combined:
        """Add up what each modality contributes.

        Args:
            pooled (Tensor): float ``[B, M, C]``.
            present (Tensor): bool ``[B, M]``.

        Returns:
            Combined: The vector and the weights.
        """
        pooled = torch.where(present.unsqueeze(2), pooled, self.absent)
        parts = self.mixes(self.dropout(pooled))
        return Combined(self.norm(parts.sum(1)), norm_shares(parts, present))
