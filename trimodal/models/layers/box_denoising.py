"""Queries made of noisy true boxes, for a detector to put right.

Shape letters: see :mod:`trimodal.structures.streams`; N true boxes of a
sample, G groups, Q queries.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from trimodal.models.layers.box_decoder import Queries
from trimodal.models.layers.box_targets import BoxTargets, Matches
from trimodal.models.layers.boxes import centred, corners
from trimodal.models.layers.checks import (
    check_not_negative,
    check_positive,
    check_probability,
)
from trimodal.models.layers.transformer import INIT_STD
from trimodal.registry import MODELS


@dataclass(frozen=True)
class NoisyQueries:
    """Queries that know what they should find.

    Args:
        queries (Queries): The queries, group after group.
        groups (Tensor): int64 ``[Q]``, each query's group.
        num_groups (int): How often each true box is asked for.
        row (Tensor): int64 ``[K]``, of those that have a true box: sample,
        query (Tensor): int64 ``[K]``: place among the queries,
        box (Tensor): int64 ``[K]``: index of the true box.
    """

    queries: Queries
    groups: Tensor
    num_groups: int
    row: Tensor
    query: Tensor
    box: Tensor

    def matches(self, layers: int) -> Matches:
        """The pairs, the same in every one of ``layers``."""
        count = len(self.row)
        layer = torch.arange(layers, device=self.row.device)
        return Matches(
            layer.repeat_interleave(count),
            *(
                part.repeat(layers)
                for part in (self.row, self.query, self.box)
            ),
        )


@MODELS.register_module()
class BoxDenoising(nn.Module):
    """True boxes with noise, and, as contrast, some with too much of it.

    From `DN-DETR <https://arxiv.org/abs/2203.01305>`_: a query that begins
    near a true box is to find that one, whatever the matching says, which
    makes training much shorter. The contrast is that of `DINO
    <https://arxiv.org/abs/2203.03605>`_: queries farther off are to find
    nothing.

    Args:
        embed_dims (int): Channels of queries.
        num_classes (int): Classes.
        max_queries (int): Queries of a sample; each group has one or, with
            contrast, two for every true box, and there is one group at
            least. Defaults to 100.
        box_noise (float): How far an edge moves at most, in halves of the
            box's width or height; twice as far in contrast. Defaults to 0.4.
        label_noise (float): Share of labels that are drawn anew. Defaults to
            0.25.
        contrast (bool): Whether there are queries that are to find nothing.
            Defaults to True.

    Raises:
        ValueError: If a number of queries, classes or channels is not
            positive, ``box_noise`` negative, or ``label_noise`` outside
            [0, 1].
    """

    def __init__(
        self,
        embed_dims: int,
        num_classes: int,
        max_queries: int = 100,
        box_noise: float = 0.4,
        label_noise: float = 0.25,
        contrast: bool = True,
    ) -> None:
        super().__init__()
        check_positive(
            embed_dims=embed_dims,
            num_classes=num_classes,
            max_queries=max_queries,
        )
        check_not_negative(box_noise=box_noise)
        check_probability(label_noise=label_noise)
        self.max_queries = max_queries
        self.box_noise = box_noise
        self.label_noise = label_noise
        self.kinds = 1 + contrast
        self.classes = nn.Parameter(torch.empty(num_classes, embed_dims))
        nn.init.trunc_normal_(self.classes, std=INIT_STD)

    def forward(self, targets: BoxTargets) -> NoisyQueries:
        """Draw queries.

        Args:
            targets (BoxTargets): The true boxes.

        Returns:
            NoisyQueries: None of them where no sample has a box.
        """
        rows, most = targets.labels.shape
        size = max(1, most * self.kinds)
        groups = max(1, self.max_queries // size)
        # Copies of a sample's boxes: [B, G, kinds, N].
        shape = (rows, groups, self.kinds, most)
        copies = (slice(None), None, None)
        mask = targets.mask[copies].expand(shape)
        boxes = self._moved(targets.boxes[copies].expand(*shape, 4))
        x = self.classes[self._relabelled(targets.labels[copies], shape)]
        place = torch.arange(mask[0].numel(), device=mask.device)
        place = place.view(shape[1:])
        # The first kind has an answer.
        row, group, box = mask[:, :, 0].nonzero(as_tuple=True)
        return NoisyQueries(
            Queries(x.flatten(1, 3), boxes.flatten(1, 3), mask.flatten(1)),
            place.flatten() // size,
            groups,
            row,
            place[group, 0, box],
            box,
        )

    def _moved(self, boxes: Tensor) -> Tensor:
        """Boxes ``[B, G, kinds, N, 4]`` whose edges have moved."""
        amount = torch.rand_like(boxes)
        # Contrast moves by 1 to 2 times the most that the others do.
        kind = torch.arange(self.kinds, device=boxes.device).view(-1, 1, 1)
        sign = torch.randint_like(boxes, 2) * 2 - 1
        half = boxes[..., 2:].tile(2) / 2
        edges = corners(boxes) + sign * (amount + kind) * half * self.box_noise
        low = torch.minimum(edges[..., :2], edges[..., 2:])
        high = torch.maximum(edges[..., :2], edges[..., 2:])
        return centred(torch.cat([low, high], dim=-1))

    def _relabelled(self, labels: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Labels int64 of ``shape``, some of them drawn anew."""
        labels = labels.expand(shape)
        drawn = torch.randint_like(labels, len(self.classes))
        change = torch.rand(shape, device=labels.device) < self.label_noise
        return torch.where(change, drawn, labels)


def who_sees_whom(groups: Tensor, mask: Tensor) -> Tensor:
    """Noisy queries see their group and those to be matched, not others.

    Args:
        groups (Tensor): int64 ``[Q]``, each query's group, -1 for those to be
            matched: these see only each other.
        mask (Tensor): bool ``[B, Q]``, True for real queries, which alone are
            seen.

    Returns:
        Tensor: bool ``[B, 1, Q, Q]``. All queries see themselves too.
    """
    seen = groups.unsqueeze(0)
    opened = (groups.unsqueeze(1) == seen) | (seen == -1)
    itself = torch.eye(len(groups), dtype=torch.bool, device=mask.device)
    return ((opened & mask.unsqueeze(1)) | itself).unsqueeze(1)
