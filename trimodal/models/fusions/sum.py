"""Fusion by addition.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from trimodal.models.fusions.base import norm_shares
from trimodal.models.fusions.pooled import Combined, PooledFusion
from trimodal.models.layers import (
    init_transformer,
    learned_vectors,
)
from trimodal.models.layers.transformer import NORM_EPS
from trimodal.registry import MODELS


@MODELS.register_module()
class SumFusion(PooledFusion):
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
        super().__init__(
            modalities, in_channels, out_channels, pooling, init_cfg
        )
        self.absent = learned_vectors(len(self.modalities), out_channels)
        self.norm = nn.LayerNorm(out_channels, eps=NORM_EPS)
        self.apply(init_transformer)

    def combine(self, pooled: Tensor, present: Tensor) -> Combined:
        """Add up.

        Args:
            pooled (Tensor): float ``[B, M, C]``.
            present (Tensor): bool ``[B, M]``.

        Returns:
            Combined: The vector and the weights.
        """
        parts = torch.where(present.unsqueeze(2), pooled, self.absent)
        return Combined(self.norm(parts.sum(1)), norm_shares(parts, present))
