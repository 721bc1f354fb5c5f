"""Alignment by attention.

Shape letters: see :mod:`trimodal.structures.streams`; N steps of the clock, E
channels and Q heads of the attention.
"""

import math
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.aligners.clock import Timeline
from trimodal.models.aligners.temporal import TemporalAligner
from trimodal.models.layers.checks import (
    check_multiple,
    check_probability,
    check_widths,
)
from trimodal.models.layers.transformer import INIT_STD, init_transformer
from trimodal.registry import MODELS


class TimeBias(nn.Module):
    """How much a step's distance in time speaks against attending to it.

    A bell curve for each head, in steps of the stream attended to. The heads
    begin at no offset, one, two, four, ... steps wide; both are learned.

    Args:
        num_heads (int): Heads.
    """

    def __init__(self, num_heads: int) -> None:
        super().__init__()
        self.offset = nn.Parameter(torch.zeros(num_heads))
        self.log_width = nn.Parameter(torch.arange(num_heads) * math.log(2.0))

    def forward(self, positions: Tensor, mask: Tensor) -> Tensor:
        """What is added to the scores.

        Args:
            positions (Tensor): float ``[B, N]``: where each query lies.
            mask (Tensor): bool ``[B, T]``, True for real steps.

        Returns:
            Tensor: float ``[B, Q, N, T]``; -inf at masked steps, but 0 in
            rows without a real one.
        """
        steps = torch.arange(mask.shape[1], device=mask.device)
        apart = steps - positions.unsqueeze(2)
        # As one product, -(apart - offset)^2 / (2 width^2) is written once;
        # in full precision, as its parts may be large.
        powers = torch.stack([torch.ones_like(apart), apart, apart.square()])
        offset, share = self.offset, (-2 * self.log_width).exp()
        factors = torch.stack(
            [-0.5 * offset.square(), offset, -0.5 + 0 * offset]
        )
        with torch.autocast(mask.device.type, enabled=False):
            bias = (factors * share).T @ powers.transpose(0, 1).flatten(2)
        bias = bias.unflatten(2, apart.shape[1:])
        empty = ~mask.any(1, keepdim=True)
        bias.masked_fill_(~(mask | empty)[:, None, None], float('-inf'))
        return bias.masked_fill_(empty[:, None, None], 0)


@MODELS.register_module()
class AttentionAligner(TemporalAligner):
    """Each moment of one clock attends to the steps of every other stream.

    `Attention <https://arxiv.org/abs/1706.03762>`_ from the stream whose clock
    it is to each of the others, with a bias that says how far in time, and in
    which direction, each head looks. So it learns offsets, and to find by its
    content a step that is not exactly where the clock has it. A clock of its
    own (``num_steps``) asks everywhere the same learned question.

    Args:
        modalities (Sequence[str]): The sequences to align, at least two.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        embed_dims (int): Channels of the attention. Defaults to 64.
        num_heads (int): Heads. Defaults to 4.
        dropout (float): Share of attention weights dropped in training.
            Defaults to 0.0.
        reference (str | None): The one whose clock is used; where it is
            absent, the first present one of ``modalities``. Defaults to None,
            the one with the most steps in each sample.
        num_steps (int | None): Steps of a clock of its own. Defaults to None.
        rates (Mapping[str, float] | None): Steps per second of each stream.
            Defaults to None: the streams of a sample last equally long.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``in_channels`` does not fit ``modalities``,
            ``num_heads`` does not divide ``embed_dims``, or ``dropout`` lies
            outside [0, 1]; else as
            :class:`~trimodal.models.aligners.temporal.TemporalAligner`.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        embed_dims: int = 64,
        num_heads: int = 4,
        dropout: float = 0.0,
        reference: str | None = None,
        num_steps: int | None = None,
        rates: Mapping[str, float] | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(modalities, reference, num_steps, rates, init_cfg)
        widths = check_widths(self.modalities, in_channels)
        check_multiple('embed_dims', embed_dims, num_heads, 'num_heads')
        check_probability(dropout=dropout)
        self.num_heads = num_heads
        self.dropout = dropout

        def linears(pairs: dict[str, tuple[int, int]]) -> nn.ModuleDict:
            return nn.ModuleDict({n: nn.Linear(*p) for n, p in pairs.items()})

        # The last one in order has the clock only where it is alone.
        asking = self.order[:-1] if self.order else self.modalities
        if num_steps:
            asking = ()
        self.queries = linears({n: (widths[n], embed_dims) for n in asking})
        self.question = None
        if num_steps:
            self.question = nn.Parameter(torch.empty(embed_dims))
            nn.init.trunc_normal_(self.question, std=INIT_STD)
        self.keys = linears(
            {n: (widths[n], 2 * embed_dims) for n in self.warped}
        )
        self.outputs = linears(
            {n: (embed_dims, widths[n]) for n in self.warped}
        )
        self.biases = nn.ModuleDict(
            {name: TimeBias(num_heads) for name in self.warped}
        )
        self.apply(init_transformer)

    def warp(self, timeline: Timeline) -> dict[str, Tensor]:
        """Attend.

        Args:
            timeline (Timeline): The streams and their clock.

        Returns:
            dict[str, Tensor]: For each of ``warped``, float ``[B, N, C]``.
        """
        query = self._split(self._query(timeline))
        return {
            name: self._attend(name, query, timeline) for name in self.warped
        }

    def _query(self, timeline: Timeline) -> Tensor:
        """What is asked at each moment, float ``[B, N, E]``."""
        if self.question is not None:
            return self.question.expand(*timeline.clock.times.shape, -1)
        return timeline.of_owner(
            {
                name: layer(timeline.streams[name].x)
                for name, layer in self.queries.items()
            }
        )

    def _attend(self, name: str, query: Tensor, timeline: Timeline) -> Tensor:
        stream = timeline.streams[name]
        key, value = self.keys[name](stream.x).chunk(2, dim=-1)
        bias = self.biases[name](timeline.positions(name), stream.mask)
        key, value = self._split(key), self._split(value)
        found = F.scaled_dot_product_attention(
            query.to(key.dtype),
            key,
            value,
            attn_mask=bias.to(key.dtype),
            dropout_p=self.dropout if self.training else 0.0,
        )
        return self.outputs[name](found.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
