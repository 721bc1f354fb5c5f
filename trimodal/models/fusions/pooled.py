"""What fusions of one vector a modality share.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from torch import Tensor

from trimodal.models.fusions.base import (
    BaseFusion,
    Streams,
    join_streams,
    stack_present,
)
from trimodal.models.layers import StreamPoolings, StreamProjections
from trimodal.structures import Fused


class Combined(NamedTuple):
    """What the modalities' vectors become.

    Args:
        pooled (Tensor): float ``[B, C]``.
        weights (Tensor): float ``[B, M]``, see :class:`Fused`.
        losses (Mapping[str, Tensor]): See :class:`Fused`. Defaults to none.
    """

    pooled: Tensor
    weights: Tensor
    losses: Mapping[str, Tensor] = {}  # never written to


class PooledFusion(BaseFusion):
    """Projects each stream step by step and pools it; then combines.

    ::

        fuse(streams) ── project, pool ──> combine(pooled, present) ──> Fused

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

    Raises:
        ValueError: If ``pooling`` is unknown.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        pooling: str = 'mean',
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(modalities, in_channels, out_channels, init_cfg)
        self.projections = StreamProjections(
            self.in_channels, out_channels, norm=True
        )
        self.poolings = StreamPoolings(self.modalities, pooling, out_channels)

    def fuse(self, streams: Streams) -> Fused:
        """Project, pool, combine.

        Args:
            streams (dict[str, Tokens]): A stream for each modality.

        Returns:
            Fused: tokens are the projected streams, one after the other.
        """
        projected = self.projections(streams)
        present = stack_present(projected)
        pooled, weights, losses = self.combine(
            self.poolings(projected), present
        )
        tokens, mask = join_streams(projected)
        return Fused(tokens, mask, pooled, weights, losses)

    @abstractmethod
    def combine(self, pooled: Tensor, present: Tensor) -> Combined:
        """Make one vector of one a modality.

        Args:
            pooled (Tensor): float ``[B, M, C]``; 0 where absent.
            present (Tensor): bool ``[B, M]``.

        Returns:
            Combined: The vector, the weights and losses.
        """
