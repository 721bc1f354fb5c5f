"""True boxes of a batch, and which prediction answers for which of them.

Shape letters: see :mod:`trimodal.structures.streams`; N true boxes of a
sample, Q queries, D layers of a decoder, K matched pairs.
"""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class BoxTargets:
    """The true boxes of a batch, padded.

    Args:
        labels (Tensor): int64 ``[B, N]``, 0 where not real.
        boxes (Tensor): float32 ``[B, N, 4]``, centred and relative.
        mask (Tensor): bool ``[B, N]``, True for real boxes.
        annotated (Tensor): bool ``[B]``: samples that are learned from; one
            of these without boxes is a picture with nothing on it.
        counts (tuple[int, ...]): Real boxes of each sample.
    """

    labels: Tensor
    boxes: Tensor
    mask: Tensor
    annotated: Tensor
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Matches:
    """Pairs of a query and a true box.

    Args:
        layer (Tensor): int64 ``[K]``, indices of D.
        row (Tensor): int64 ``[K]``, indices of B.
        query (Tensor): int64 ``[K]``, indices of Q.
        box (Tensor): int64 ``[K]``, indices of N.
    """

    layer: Tensor
    row: Tensor
    query: Tensor
    box: Tensor

    def of(self, predicted: Tensor) -> Tensor:
        """Rows ``[K, ...]`` of what was predicted ``[D, B, Q, ...]``."""
        return predicted[self.layer, self.row, self.query]

    def true(self, target: Tensor) -> Tensor:
        """Rows ``[K, ...]`` of what is true ``[B, N, ...]``."""
        return target[self.row, self.box]
