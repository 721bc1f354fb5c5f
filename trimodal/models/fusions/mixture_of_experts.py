"""Fusion by a sparse mixture of experts.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from trimodal.models.fusions.base import (
    BaseFusion,
    Streams,
    join_streams,
    norm_shares,
    split_streams,
    stack_present,
)
from trimodal.models.layers import (
    MixtureOfExperts,
    StreamMixes,
    StreamPoolings,
    StreamProjections,
    init_transformer,
    learned_vectors,
)
from trimodal.models.layers.checks import check_choice, check_not_negative
from trimodal.models.layers.transformer import NORM_EPS
from trimodal.registry import MODELS
from trimodal.structures import Fused

LEVELS = ('tokens', 'pooled')


@MODELS.register_module()
class MixtureOfExpertsFusion(BaseFusion):
    """Experts for the modalities together, for their steps, or both.

    The sparsely gated layer of `Outrageously Large Neural Networks
    <https://arxiv.org/abs/1701.06538>`_ with the loss of `Switch Transformers
    <https://arxiv.org/abs/2101.03961>`_, in two places: on the steps of all
    streams, whose experts can come to belong to modalities, and on the linear
    layer over the pooled vectors, whose experts can come to belong to subsets
    of present modalities, since a learned vector stands in the place of an
    absent one. Each adds what its experts say to what it was given.

    The weights are shares of the norms of what each modality adds to the
    linear layer over all of them; they only tell.

    Training asks for ``loss_balance_tokens`` and ``loss_balance_pooled``;
    the loads they even out are those of all processes together.

    Args:
        modalities (Sequence[str]): The modalities, in the order of the
            weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Channels of the result.
        levels (Sequence[str]): Where there are experts: ``'tokens'``,
            ``'pooled'`` or both. Defaults to ('pooled',).
        num_experts (int): Experts at each level. Defaults to 4.
        top_k (int): Experts asked each time. Defaults to 2.
        feedforward_channels (int | None): Channels inside an expert. Defaults
            to None, twice ``out_channels``.
        noisy (bool): Whether the gates have learned noise in training.
            Defaults to True.
        balance_weight (float): Weight of the losses; 0 leaves them out.
            Defaults to 0.01.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the steps. Defaults to ``'mean'``.
        dropout (float): Dropout in the experts. Defaults to 0.0.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``levels`` is empty or has others than these,
            ``balance_weight`` is negative, a number is not positive, or
            ``top_k`` is larger than ``num_experts``.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        levels: Sequence[str] = ('pooled',),
        num_experts: int = 4,
        top_k: int = 2,
        feedforward_channels: int | None = None,
        noisy: bool = True,
        balance_weight: float = 0.01,
        pooling: str = 'mean',
        dropout: float = 0.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(modalities, in_channels, out_channels, init_cfg)
        if not levels:
            raise ValueError(f'levels must be some of {LEVELS}, got none')
        for level in levels:
            check_choice('levels', level, LEVELS)
        check_not_negative(balance_weight=balance_weight)
        self.balance_weight = balance_weight
        size, width = len(self.modalities), out_channels
        self.projections = StreamProjections(self.in_channels, width, True)
        self.poolings = StreamPoolings(self.modalities, pooling, width)
        self.absent = learned_vectors(size, width)
        self.mixes = StreamMixes(self.modalities, width, width)
        self.norm = nn.LayerNorm(width, eps=NORM_EPS)
        self.projections.apply(init_transformer)
        self.mixes.apply(init_transformer)
        self.experts = nn.ModuleDict(
            {
                level: MixtureOfExperts(
                    width,
                    num_experts,
                    top_k,
                    feedforward_channels,
                    noisy,
                    dropout,
                )
                for level in levels
            }
        )

    def fuse(self, streams: Streams) -> Fused:
        """Project, pool, mix; ask the experts at each level.

        Args:
            streams (dict[str, Tokens]): A stream for each modality.

        Returns:
            Fused: tokens are the projected streams, one after the other, with
            what the experts said of each step.
        """
        losses: dict[str, Tensor] = {}
        present = stack_present(streams)
        x, mask = join_streams(self.projections(streams))
        x = self._ask('tokens', x, mask, losses)
        pooled = self.poolings(split_streams(x, streams))
        pooled = torch.where(present.unsqueeze(2), pooled, self.absent)
        parts = self.mixes(pooled)
        whole = self.norm(parts.sum(1)).unsqueeze(1)
        anything = present.any(1, keepdim=True)
        whole = self._ask('pooled', whole, anything, losses).squeeze(1)
        return Fused(x, mask, whole, norm_shares(parts, present), losses)

    def _ask(
        self, level: str, x: Tensor, mask: Tensor, losses: dict[str, Tensor]
    ) -> Tensor:
        """Add what the level's experts say, and write down their loss."""
        if level not in self.experts:
            return x
        said, uneven = self.experts[level](x, mask)
        if self.training and self.balance_weight > 0:
            losses[f'loss_balance_{level}'] = self.balance_weight * uneven
        return x + said
