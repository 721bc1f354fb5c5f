"""Fusion by gated multimodal units.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from trimodal.models.fusions.base import shares
from trimodal.models.fusions.pooled import Combined, PooledFusion
from trimodal.models.layers import (
    StreamMixes,
    init_transformer,
    learned_vectors,
    masked_softmax,
)
from trimodal.models.layers.checks import check_choice
from trimodal.registry import MODELS

GATES = ('sigmoid', 'softmax')


@MODELS.register_module()
class GatedFusion(PooledFusion):
    r"""A gate for every channel of every modality (GMU).

    From `Gated Multimodal Units for Information Fusion
    <https://arxiv.org/abs/1702.01992>`_: with :math:`x_m` the pooled vector
    of a modality,

    .. math::

        h_m = \tanh(W_m x_m), \quad z = \sigma(U [x_1, \dots, x_M]), \quad
        y = \sum_m z_m h_m

    The paper's unit for two modalities has one gate, ``z`` and ``1 - z``: a
    softmax over two, which ``gate='softmax'`` carries on to any number. An
    absent modality is a learned vector to the gates and adds nothing. The
    weights are each modality's gate, averaged over the channels, as shares.

    Args:
        modalities (Sequence[str]): The modalities, in the order of the
            weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Channels of the result.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the steps. Defaults to ``'mean'``.
        gate (str): ``'sigmoid'``, gates that are open or shut each by itself,
            or ``'softmax'``, gates that share out each channel among the
            present modalities. Defaults to ``'sigmoid'``.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``pooling`` or ``gate`` is none of these.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        pooling: str = 'mean',
        gate: str = 'sigmoid',
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(
            modalities, in_channels, out_channels, pooling, init_cfg
        )
        check_choice('gate', gate, GATES)
        self.gate = gate
        size = len(self.modalities)
        self.absent = learned_vectors(size, out_channels)
        self.values = StreamMixes(self.modalities, out_channels, out_channels)
        self.gates = nn.Linear(size * out_channels, size * out_channels)
        self.apply(init_transformer)

    def combine(self, pooled: Tensor, present: Tensor) -> Combined:
        """Let through what the gates open for.

        Args:
            pooled (Tensor): float ``[B, M, C]``.
            present (Tensor): bool ``[B, M]``.

        Returns:
            Combined: The vector and the weights.
        """
        gates = self._open(pooled, present)
        sizes = gates.detach().float().mean(2)
        whole = (gates * self.values(pooled).tanh()).sum(1)
        return Combined(whole, shares(sizes, present))

    def _open(self, pooled: Tensor, present: Tensor) -> Tensor:
        """How far each gate is open, float ``[B, M, C]``; 0 if absent."""
        there = present.unsqueeze(2)
        x = torch.where(there, pooled, self.absent).flatten(1)
        scores = self.gates(x).unflatten(1, (len(self.modalities), -1))
        if self.gate == 'sigmoid':
            return scores.sigmoid().masked_fill(~there, 0)
        there = there.expand_as(scores).transpose(1, 2)
        return masked_softmax(scores.transpose(1, 2), there).transpose(1, 2)
