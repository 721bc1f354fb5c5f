"""Alignment by interpolation.

Shape letters: see :mod:`trimodal.structures.streams`; N steps of the clock.
"""

from collections.abc import Mapping, Sequence

from torch import Tensor

from trimodal.models.aligners.clock import Timeline
from trimodal.models.aligners.temporal import TemporalAligner
from trimodal.models.layers.checks import check_choice
from trimodal.models.layers.interpolation import MODES, interpolate_steps
from trimodal.registry import MODELS


@MODELS.register_module()
class InterpolationAligner(TemporalAligner):
    """Interpolates each stream at the moments of one clock.

    Nothing is learned. ``'cubic'`` is `Catmull and Rom's curve
    <https://doi.org/10.1016/B978-0-12-079050-0.50020-5>`_, over the real steps
    only; it is smooth, and may overshoot. A clock that is slower than a
    stream skips some of its steps: the one with the most steps, which is the
    default, skips none.

    Args:
        modalities (Sequence[str]): The sequences to align, at least two.
        mode (str): ``'linear'`` or ``'cubic'``. Defaults to ``'linear'``.
        reference (str | None): The one whose clock is used; where it is
            absent, the first present one of ``modalities``. Defaults to None,
            the one with the most steps in each sample.
        num_steps (int | None): Steps of a clock of its own. Defaults to None.
        rates (Mapping[str, float] | None): Steps per second of each stream.
            Defaults to None: the streams of a sample last equally long.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``mode`` is neither; else as
            :class:`~trimodal.models.aligners.temporal.TemporalAligner`.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        mode: str = 'linear',
        reference: str | None = None,
        num_steps: int | None = None,
        rates: Mapping[str, float] | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(modalities, reference, num_steps, rates, init_cfg)
        check_choice('mode', mode, MODES)
        self.mode = mode

    def warp(self, timeline: Timeline) -> dict[str, Tensor]:
        """Interpolate.

        Args:
            timeline (Timeline): The streams and their clock.

        Returns:
            dict[str, Tensor]: For each of ``warped``, float ``[B, N, C]``.
        """
        return {
            name: interpolate_steps(
                timeline.streams[name].x,
                timeline.streams[name].mask,
                timeline.positions(name),
                self.mode,
            )
            for name in self.warped
        }
