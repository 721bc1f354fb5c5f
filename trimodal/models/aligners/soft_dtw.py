"""Alignment by soft dynamic time warping.

Shape letters: see :mod:`trimodal.structures.streams`; N steps of the clock, E
channels in which steps are compared.
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.aligners.clock import Timeline
from trimodal.models.aligners.temporal import TemporalAligner
from trimodal.models.layers.checks import (
    check_not_negative,
    check_positive,
    check_widths,
)
from trimodal.models.layers.interpolation import interpolate_steps
from trimodal.models.layers.soft_dtw import compact, soft_dtw_alignment
from trimodal.models.layers.transformer import init_transformer
from trimodal.registry import MODELS
from trimodal.structures import Tokens
from trimodal.utils import build


@MODELS.register_module()
class SoftDTWAligner(TemporalAligner):
    """Warps each stream onto one clock along the likeliest common paths.

    With `Soft-DTW <https://arxiv.org/abs/1703.01541>`_: the steps of two
    streams are compared in a learned common space (one minus the cosine); the
    gradient of the soft minimum over all warping paths says how likely a path
    leads through each pair of steps, and so which steps of the stream each
    moment of the clock is to see. Only real steps take part; at holes of the
    clock's own stream, what lies beside them is interpolated.

    Args:
        modalities (Sequence[str]): The sequences to align, at least two.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        embed_dims (int): Channels of the common space. Defaults to 32.
        gamma (float): Temperature of the minimum: the smaller, the sharper.
            Defaults to 0.1.
        time_weight (float): What it costs two steps to lie apart by the whole
            length (by a second, where there are ``rates``). Defaults to 1.0.
        loss (Mapping | nn.Module | None): A loss or its config, such as
            :class:`~trimodal.models.losses.soft_dtw.SoftDTWLoss`, between the
            reference (without one, the first modality) and each of the others
            after alignment, in the common space; called with two sequences
            and their masks. It is small as well where all steps look alike
            there, so it is to accompany other losses. Defaults to None.
        reference (str | None): The one whose clock is used; where it is
            absent, the first present one of ``modalities``. Defaults to None,
            the one with the most steps in each sample.
        rates (Mapping[str, float] | None): Steps per second of each stream.
            Defaults to None: the streams of a sample last equally long.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``in_channels`` does not fit ``modalities``, or a number
            is negative, or ``embed_dims`` or ``gamma`` 0; else as
            :class:`~trimodal.models.aligners.temporal.TemporalAligner`.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        embed_dims: int = 32,
        gamma: float = 0.1,
        time_weight: float = 1.0,
        loss: Mapping | nn.Module | None = None,
        reference: str | None = None,
        rates: Mapping[str, float] | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(modalities, reference, None, rates, init_cfg)
        widths = check_widths(self.modalities, in_channels)
        check_positive(embed_dims=embed_dims, gamma=gamma)
        check_not_negative(time_weight=time_weight)
        self.gamma = gamma
        self.time_weight = time_weight
        self.embed = nn.ModuleDict(
            {n: nn.Linear(width, embed_dims) for n, width in widths.items()}
        )
        self.embed.apply(init_transformer)
        self.loss_module = build(loss, MODELS)

    def warp(self, timeline: Timeline) -> dict[str, Tensor]:
        """Average over the steps that paths lead through.

        Args:
            timeline (Timeline): The streams and their clock.

        Returns:
            dict[str, Tensor]: For each of ``warped``, float ``[B, N, C]``.
        """
        own = timeline.of_owner(
            {n: s.mask for n, s in timeline.streams.items()}
        )
        back = (own.cumsum(1) - 1).clamp(min=0).unsqueeze(2)
        ticks = torch.arange(own.shape[1], device=own.device).expand_as(own)
        result = {}
        for name, weights in self.weights(timeline).items():
            stream = timeline.streams[name]
            x, _ = compact(stream.x, stream.mask)
            seen = weights.to(x.dtype) @ x
            seen = seen.gather(1, back.expand(-1, -1, x.shape[2]))
            result[name] = interpolate_steps(seen, own, ticks.float())
        return result

    def weights(self, timeline: Timeline) -> dict[str, Tensor]:
        """What each real step of the clock's own stream looks at.

        Args:
            timeline (Timeline): The streams and their clock.

        Returns:
            dict[str, Tensor]: For each of ``warped``, float32 ``[B, N, T]``
            with the real steps of both in front; rows sum to 1, to 0 where
            there is no step.
        """
        kind = timeline.clock.times.device.type
        with torch.autocast(kind, enabled=False):
            points = {n: self._points(n, timeline) for n in self.modalities}
            masks = {n: s.mask for n, s in timeline.streams.items()}
            own = timeline.of_owner(masks)
            here, rows = compact(timeline.of_owner(points), own)
            result = {}
            for name in self.warped:
                there, columns = compact(points[name], masks[name])
                _, likely = soft_dtw_alignment(
                    self._cost(here, there), rows, columns, self.gamma
                )
                # A path leads through every row at least once.
                total = likely.sum(2, keepdim=True)
                result[name] = likely / total.masked_fill(total == 0, 1)
        return result

    def _points(self, name: str, timeline: Timeline) -> Tensor:
        """Where steps lie in the common space, and when: ``[B, T, E + 1]``."""
        x = self._embedded(name, timeline.streams[name])
        steps = torch.arange(x.shape[1], device=x.device) + 0.5
        times = steps / timeline.rates[name].unsqueeze(1)
        return torch.cat([x, times.unsqueeze(2)], dim=2)

    def _embedded(self, name: str, stream: Tokens) -> Tensor:
        return F.normalize(self.embed[name](stream.x.float()), dim=2, eps=1e-6)

    def _cost(self, here: Tensor, there: Tensor) -> Tensor:
        unlike = 1 - here[..., :-1] @ there[..., :-1].mT
        apart = here[..., -1].unsqueeze(2) - there[..., -1].unsqueeze(1)
        return unlike + self.time_weight * apart.abs()

    def loss(self, tokens: Mapping[str, Tokens]) -> dict[str, Tensor]:
        """How far the aligned streams still are from each other.

        Args:
            tokens (Mapping[str, Tokens]): What :meth:`forward` returned.

        Returns:
            dict[str, Tensor]: ``loss_dtw_<modality>`` for each modality but
            the one compared with, or nothing without a ``loss``.
        """
        if self.loss_module is None:
            return {}
        first = self.order[0] if self.order else self.modalities[0]
        with torch.autocast(tokens[first].x.device.type, enabled=False):
            points = {n: self._embedded(n, tokens[n]) for n in self.modalities}
            return {
                f'loss_dtw_{name}': self.loss_module(
                    points[first],
                    points[name],
                    tokens[first].mask,
                    tokens[name].mask,
                )
                for name in self.modalities
                if name != first
            }
