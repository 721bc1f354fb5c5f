"""True boxes of a batch, and which prediction answers for which of them.

Shape letters: see :mod:`trimodal.structures.streams`; N true boxes of a
sample, R of its regions that are crowds, Q queries, D layers of a decoder, K
matched pairs.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from trimodal.models.layers.boxes import corners, share_inside

# From this share on a box that lies in a crowd is taken to be of it; COCO's
# evaluation begins there, too.
IN_CROWD = 0.5


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
        crowds (Tensor | None): float32 ``[B, R, 4]``, centred and relative,
            zero where not real: regions with objects that are not told
            apart. Defaults to None: there are none.
    """

    labels: Tensor
    boxes: Tensor
    mask: Tensor
    annotated: Tensor
    counts: tuple[int, ...]
    crowds: Tensor | None = None

    @torch.no_grad()
    def asked(self, boxes: Tensor, real: Tensor) -> Tensor:
        """Which predictions are told that they are nothing, if unmatched.

        One that lies in a crowd may be right: it is told nothing, as COCO's
        evaluation does not count it either.

        Args:
            boxes (Tensor): float ``[..., B, Q, 4]``, centred and relative.
            real (Tensor): bool ``[B, Q]``, which predictions are real.

        Returns:
            Tensor: bool ``[B, Q]`` or, with crowds, ``[..., B, Q]``.
        """
        asked = real & self.annotated.unsqueeze(1)
        if self.crowds is None:
            return asked
        share = share_inside(corners(boxes), corners(self.crowds))
        return asked & (share < IN_CROWD)


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
