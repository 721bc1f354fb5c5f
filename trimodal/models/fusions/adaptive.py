"""Fusion by one gate over the modalities.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from trimodal.models.fusions.base import weigh
from trimodal.models.fusions.pooled import Combined, PooledFusion
from trimodal.models.layers import (
    init_transformer,
    learned_vectors,
)
from trimodal.models.layers.checks import check_positive, check_probability
from trimodal.registry import MODELS


@MODELS.register_module()
class AdaptiveFusion(PooledFusion):
    """A weighted sum; all modalities together decide on the weights.

    As in `Attention-Based Multimodal Fusion for Video Description
    <https://arxiv.org/abs/1701.03126>`_, and the gate of `Adaptive Mixtures
    of Local Experts <https://doi.org/10.1162/neco.1991.3.1.79>`_: a network
    with one hidden layer sees every pooled vector, a learned one in the place
    of an absent modality, and a softmax of its scores over the present ones
    weighs them. The weights are these: they steer, and are learned.

    Args:
        modalities (Sequence[str]): The modalities, in the order of the
            weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Channels of the result.
        hidden_channels (int | None): Width of the gate's hidden layer.
            Defaults to None, ``out_channels``.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the steps. Defaults to ``'mean'``.
        dropout (float): Dropout in the gate. Defaults to 0.0.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``hidden_channels`` is not positive, ``dropout`` lies
            outside [0, 1], or ``pooling`` is none of these.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        hidden_channels: int | None = None,
        pooling: str = 'mean',
        dropout: float = 0.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(
            modalities, in_channels, out_channels, pooling, init_cfg
        )
        if hidden_channels is None:
            hidden_channels = out_channels
        check_positive(hidden_channels=hidden_channels)
        check_probability(dropout=dropout)
        size = len(self.modalities)
        self.absent = learned_vectors(size, out_channels)
        self.gate = nn.Sequential(
            nn.Linear(size * out_channels, hidden_channels),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden_channels, size),
        )
        self.apply(init_transformer)

    def combine(self, pooled: Tensor, present: Tensor) -> Combined:
        """Weigh.

        Args:
            pooled (Tensor): float ``[B, M, C]``.
            present (Tensor): bool ``[B, M]``.

        Returns:
            Combined: The vector and the weights.
        """
        seen = torch.where(present.unsqueeze(2), pooled, self.absent)
        return Combined(*weigh(pooled, self.gate(seen.flatten(1)), present))
