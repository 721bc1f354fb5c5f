"""What every temporal aligner is.

Shape letters: see :mod:`trimodal.structures.streams`; N steps of the clock.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from trimodal.models.aligners.base import BaseAligner, check_names
from trimodal.models.aligners.clock import Timeline, make_timeline
from trimodal.models.layers.checks import check_choice, check_positive
from trimodal.models.layers.lengths import fit_steps
from trimodal.structures import Tokens


class TemporalAligner(BaseAligner):
    """Brings sequences to one clock: step t of each is the same moment.

    ::

        forward(tokens) ── find the clock ──> warp(timeline) ──> tokens

    The clock of a sample is that of its ``reference``; where that is absent,
    that of the first of ``modalities`` that is present. Without a reference it
    is the stream with the most steps (so that no step is skipped), or, with
    ``num_steps``, so many moments evenly spread over the sample. The stream
    whose clock it is stays as it is. The others are real at every step of the
    clock, holes included, as long as they last; an absent one stays absent.
    Streams of other modalities (pictures, say) pass untouched.

    Args:
        modalities (Sequence[str]): The sequences to align, at least two.
        reference (str | None): The one whose clock is used. Defaults to None,
            the one with the most steps in each sample.
        num_steps (int | None): Steps of a clock of its own. Defaults to None.
        rates (Mapping[str, float] | None): Steps per second of each stream,
            as its encoder gives them. Defaults to None: the streams of a
            sample begin together and end, with their last real step,
            together.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``modalities`` are not two or more different ones,
            ``reference`` is none of them or is given along with
            ``num_steps``, or a number is not positive.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        reference: str | None = None,
        num_steps: int | None = None,
        rates: Mapping[str, float] | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        names = check_names(modalities)
        self.order = None
        if reference is not None:
            check_choice('reference', reference, names)
            others = [name for name in names if name != reference]
            self.order = (reference, *others)
        if num_steps is not None:
            check_positive(num_steps=num_steps)
            if reference is not None:
                raise ValueError(
                    'num_steps must be None where there is a reference, got '
                    f'{num_steps} and reference={reference!r}'
                )
        if rates is not None:
            if set(rates) != set(names):
                raise ValueError(
                    f'rates must name {sorted(names)}, got {dict(rates)}'
                )
            check_positive(**rates)
        self.modalities = names
        self.num_steps = num_steps
        self.rates = rates
        # The reference keeps its own clock wherever it is present.
        self.warped = tuple(name for name in names if name != reference)

    def forward(self, tokens: Mapping[str, Tokens]) -> dict[str, Tokens]:
        """Bring the streams to one clock.

        Args:
            tokens (Mapping[str, Tokens]): A stream per modality.

        Returns:
            dict[str, Tokens]: The same keys and widths; those of
            ``modalities`` with x float ``[B, N, C]``.

        Raises:
            ValueError: If a stream is missing, or is a picture.
        """
        timeline = self.timeline(tokens)
        warped = self.warp(timeline)
        aligned = {
            name: self._place(timeline, name, warped.get(name))
            for name in self.modalities
        }
        return {name: aligned.get(name, s) for name, s in tokens.items()}

    def timeline(self, tokens: Mapping[str, Tokens]) -> Timeline:
        """The streams that are aligned, and their clock."""
        for name in self.modalities:
            if name not in tokens:
                raise ValueError(
                    f'tokens must have each of {self.modalities}, absent '
                    f'samples masked; got {sorted(tokens)}'
                )
            if tokens[name].grids:
                raise ValueError(
                    f'modalities must be sequences, but {name!r} is a picture '
                    f'of {tokens[name].grids} cells: leave it out'
                )
        streams = {name: tokens[name] for name in self.modalities}
        return make_timeline(streams, self.rates, self.order, self.num_steps)

    @abstractmethod
    def warp(self, timeline: Timeline) -> dict[str, Tensor]:
        """What each stream says at each moment of the clock.

        Args:
            timeline (Timeline): The streams and their clock.

        Returns:
            dict[str, Tensor]: For each of ``warped``, float ``[B, N, C]``; it
            may be anything where the stream or the clock has no step, or
            where the clock is the stream's own.
        """

    def _place(
        self, timeline: Timeline, name: str, warped: Tensor | None
    ) -> Tokens:
        """A stream on the clock, with its mask."""
        stream, clock = timeline.streams[name], timeline.clock
        size = clock.times.shape[1]
        x, mask = fit_steps(stream.x, size), fit_steps(stream.mask, size)
        if warped is not None:
            own = clock.owners[:, self.modalities.index(name)].unsqueeze(1)
            x = torch.where(own.unsqueeze(2), x, warped.to(x.dtype))
            mask = torch.where(own, mask, self._covered(timeline, name))
        else:
            mask = mask & stream.present.unsqueeze(1)
        return Tokens(x, mask, stream.present).with_x(x)

    def _covered(self, timeline: Timeline, name: str) -> Tensor:
        """Bool ``[B, N]``: the clock's steps before the stream's end."""
        stream, clock = timeline.streams[name], timeline.clock
        last = timeline.spans[name].unsqueeze(1) - 0.5
        covered = timeline.positions(name) < last
        # However short it is, it says something about the first moment.
        covered[:, 0] = True
        return covered & clock.mask & stream.present.unsqueeze(1)
