"""Learned, soft, monotone alignment.

Shape letters: see :mod:`trimodal.structures.streams`; N steps of the clock.
"""

import math
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.aligners.clock import Timeline
from trimodal.models.aligners.temporal import TemporalAligner
from trimodal.models.layers import (
    MultiKernelTemporalConv,
    init_transformer,
    masked_softmax,
)
from trimodal.models.layers.checks import check_positive, check_widths
from trimodal.models.layers.lengths import spans
from trimodal.registry import MODELS

EPS = 1e-12


class Progress(nn.Module):
    """How far a sequence has got at each step, told from what it holds.

    Each step takes a learned positive amount; at the start of training about
    the same.

    Args:
        in_channels (int): Channels of the sequence.
        embed_dims (int): Channels of the network.
        kernel_sizes (Sequence[int]): Odd lengths of what a step sees.
    """

    def __init__(
        self, in_channels: int, embed_dims: int, kernel_sizes: Sequence[int]
    ) -> None:
        super().__init__()
        self.project = nn.Linear(in_channels, embed_dims)
        self.context = MultiKernelTemporalConv(embed_dims, kernel_sizes)
        self.speed = nn.Linear(embed_dims, 1)
        self.apply(init_transformer)
        # softplus of this is 1.
        nn.init.constant_(self.speed.bias, math.log(math.e - 1))

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Progress at the middle of each step, in steps.

        Args:
            x (Tensor): float ``[B, T, C]``.
            mask (Tensor): bool ``[B, T]``, True for real steps; in a hole
                time goes on.

        Returns:
            tuple[Tensor, Tensor]: float32 ``[B, T]``, never falling, and the
            progress at the end, float32 ``[B, 1]``, positive.
        """
        hidden = self.context(self.project(x), mask)
        speed = F.softplus(self.speed(hidden).squeeze(2).float())
        steps = torch.arange(x.shape[1], device=x.device)
        speed = speed * (steps < spans(mask).unsqueeze(1))
        done = speed.cumsum(1)
        # Where nothing is real the progress is 0 of something.
        whole = done[:, -1:].clamp(min=EPS)
        return done - speed / 2, whole


@MODELS.register_module()
class MonotonicAligner(TemporalAligner):
    """Matches steps at which two streams have got equally far.

    Each stream is given an inner clock: its progress, a cumulative sum of
    positive amounts, one a step, learned from what the stream holds (silence
    may pass in no time, and each beat count the same). A moment of the common
    clock looks at the steps of the other stream whose progress is about its
    own, through a bell curve of learned width. As both only ever grow, so does
    the mean position of what is looked at: the alignment is soft and monotone,
    as `Online and Linear-Time Attention by Enforcing Monotonic Alignments
    <https://arxiv.org/abs/1704.00784>`_ wants it, through a moving window as
    in `Generating Sequences With Recurrent Neural Networks
    <https://arxiv.org/abs/1308.0850>`_, but from what both streams hold. It
    starts as linear in time.

    Args:
        modalities (Sequence[str]): The sequences to align, at least two.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        embed_dims (int): Channels of the networks that tell the progress.
            Defaults to 32.
        kernel_sizes (Sequence[int]): Odd lengths of what they see of a
            stream, in steps. Defaults to (3, 5).
        width (float): Width of the bell curve at the start, in steps of the
            stream looked at. Defaults to 1.0.
        reference (str | None): The one whose clock is used; where it is
            absent, the first present one of ``modalities``. Defaults to None,
            the one with the most steps in each sample.
        rates (Mapping[str, float] | None): Steps per second of each stream;
            progress then starts as time, else as the share of it. Defaults to
            None: the streams of a sample last equally long.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``in_channels`` does not fit ``modalities``, a number is
            not positive or a kernel even; else as
            :class:`~trimodal.models.aligners.temporal.TemporalAligner`.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        embed_dims: int = 32,
        kernel_sizes: Sequence[int] = (3, 5),
        width: float = 1.0,
        reference: str | None = None,
        rates: Mapping[str, float] | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(modalities, reference, None, rates, init_cfg)
        widths = check_widths(self.modalities, in_channels)
        check_positive(width=width, embed_dims=embed_dims)
        self.progress = nn.ModuleDict(
            {
                name: Progress(channels, embed_dims, kernel_sizes)
                for name, channels in widths.items()
            }
        )
        self.log_width = nn.ParameterDict(
            {
                name: nn.Parameter(torch.tensor(math.log(width)))
                for name in self.warped
            }
        )

    def warp(self, timeline: Timeline) -> dict[str, Tensor]:
        """Average over what is looked at.

        Args:
            timeline (Timeline): The streams and their clock.

        Returns:
            dict[str, Tensor]: For each of ``warped``, float ``[B, N, C]``.
        """
        return {
            name: weights.to(timeline.streams[name].x.dtype)
            @ timeline.streams[name].x
            for name, weights in self.weights(timeline).items()
        }

    def weights(self, timeline: Timeline) -> dict[str, Tensor]:
        """What each moment of the clock looks at.

        Args:
            timeline (Timeline): The streams and their clock.

        Returns:
            dict[str, Tensor]: For each of ``warped``, float32 ``[B, N, T]``;
            rows sum to 1, to 0 where the stream is absent.
        """
        progress = {
            name: self._progress(name, timeline) for name in self.modalities
        }
        here = timeline.of_owner(progress)
        return {
            name: self._look(name, here, progress[name], timeline)
            for name in self.warped
        }

    def _progress(self, name: str, timeline: Timeline) -> Tensor:
        """Progress in time, or in shares of the whole: ``[B, T]``."""
        stream = timeline.streams[name]
        done, whole = self.progress[name](stream.x, stream.mask)
        if self.rates is not None:
            return done / self.rates[name]
        return done / whole

    def _look(
        self, name: str, here: Tensor, there: Tensor, timeline: Timeline
    ) -> Tensor:
        width = self.log_width[name].exp() / timeline.rates[name]
        apart = (here.unsqueeze(2) - there.unsqueeze(1)) / width.view(-1, 1, 1)
        mask = timeline.streams[name].mask.unsqueeze(1)
        return masked_softmax(-0.5 * apart.square(), mask.expand_as(apart))
