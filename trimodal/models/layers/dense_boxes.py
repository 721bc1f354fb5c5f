"""A dense branch of a detector: every cell answers for itself.

Shape letters: see :mod:`trimodal.structures.streams`; N cells, L levels, Q
queries, K classes.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import batched_nms

from trimodal.models.layers.boxes import corners, refined
from trimodal.models.layers.checks import (
    check_not_negative,
    check_positive,
    check_probability,
)
from trimodal.models.layers.grid_cells import GridCells
from trimodal.models.layers.transformer import NORM_EPS, init_transformer
from trimodal.registry import MODELS
from trimodal.utils import build

PRIOR = 0.01
# How many cells are compared for each that is chosen.
CANDIDATES = 4


def prior_bias(classify: nn.Linear) -> None:
    """Let a classifier begin with small scores, as most are to be."""
    nn.init.constant_(classify.bias, -math.log(1 / PRIOR - 1))


def _last(grid: Tensor) -> Tensor:
    """With the channels last in memory: faster, and as cells are."""
    return grid.contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True)
class Dense:
    """What the cells answer.

    Args:
        x (Tensor): float ``[B, N, C]``, their features.
        logits (Tensor): float32 ``[B, N, K]``.
        boxes (Tensor): float32 ``[B, N, 4]``, centred and relative.
    """

    x: Tensor
    logits: Tensor
    boxes: Tensor


@MODELS.register_module()
class DenseBoxes(nn.Module):
    """Classes and boxes of every cell, many to one, and the best of them.

    A convolutional head as in `FCOS <https://arxiv.org/abs/1904.01355>`_,
    the same for every level. Many cells learn from each true box, which
    teaches the encoder much faster than one query a box does (`Co-DETR
    <https://arxiv.org/abs/2211.12860>`_); and the best cells are what the
    decoder starts from, those that say the same left out (`Dense Distinct
    Query <https://arxiv.org/abs/2303.12776>`_).

    Args:
        embed_dims (int): Channels of cells.
        num_classes (int): Classes.
        num_convs (int): 3 x 3 convolutions, each followed by normalisation
            and GELU. Defaults to 1.
        box_scale (float): Width and height of a box to begin with, in cells.
            Defaults to 4.0.
        distinct_iou (float): Of two cells whose boxes overlap by more, one is
            left out. Defaults to 0.8.
        loss (Mapping | nn.Module): The loss or its config; called as
            :class:`~trimodal.models.TaskAlignedLoss` is. Defaults to that.

    Raises:
        ValueError: If ``num_convs`` is negative, ``distinct_iou`` outside
            [0, 1], or another number not positive.
    """

    def __init__(
        self,
        embed_dims: int,
        num_classes: int,
        num_convs: int = 1,
        box_scale: float = 4.0,
        distinct_iou: float = 0.8,
        loss: Mapping | nn.Module = {'type': 'TaskAlignedLoss'},  # noqa: B006
    ) -> None:
        super().__init__()
        check_not_negative(num_convs=num_convs)
        check_positive(
            embed_dims=embed_dims,
            num_classes=num_classes,
            box_scale=box_scale,
        )
        check_probability(distinct_iou=distinct_iou)
        self.box_scale = box_scale
        self.distinct_iou = distinct_iou
        self.convs = nn.ModuleList(
            nn.Conv2d(embed_dims, embed_dims, 3, padding=1, bias=False)
            for _ in range(num_convs)
        )
        self.norms = nn.ModuleList(
            nn.LayerNorm(embed_dims, eps=NORM_EPS) for _ in range(num_convs)
        )
        self.classify = nn.Linear(embed_dims, num_classes)
        self.refine = nn.Linear(embed_dims, 4)
        self.apply(init_transformer)
        prior_bias(self.classify)
        self.loss_module = build(loss, MODELS)

    def forward(self, cells: Tensor, where: GridCells) -> Dense:
        """Answer for every cell.

        Args:
            cells (Tensor): float ``[B, N, C]``, zero where not real.
            where (GridCells): Where they are.

        Returns:
            Dense: The answers.
        """
        x, hidden = cells, ~where.mask.unsqueeze(2)
        for conv, norm in zip(self.convs, self.norms, strict=True):
            grids = [_last(conv(_last(grid))) for grid in where.split(x)]
            steps = [g.permute(0, 2, 3, 1).flatten(1, 2) for g in grids]
            x = F.gelu(norm(torch.cat(steps, dim=1)))
            x = x.masked_fill(hidden, 0)
        size = where.boxes[..., 2:] * self.box_scale
        start = torch.cat([where.boxes[..., :2], size], dim=-1)
        boxes = refined(start, self.refine(x))
        return Dense(x, self.classify(x).float(), boxes)

    @torch.no_grad()
    def best(self, dense: Dense, where: GridCells, count: int) -> Tensor:
        """The cells with the best scores that are distinct.

        Args:
            dense (Dense): What the cells answer.
            where (GridCells): Where they are.
            count (int): How many to choose.

        Returns:
            Tensor: int64 ``[B, Q]``, Q the smaller of ``count`` and N.
        """
        scores = dense.logits.amax(2).sigmoid().masked_fill(~where.mask, -2)
        few = min(CANDIDATES * count, scores.shape[1])
        scores, index = scores.topk(few, dim=1)
        real = where.mask.gather(1, index)
        boxes = corners(dense.boxes).gather(
            1, index.unsqueeze(2).expand(-1, -1, 4)
        )
        row = torch.arange(len(scores), device=scores.device)
        row = row.unsqueeze(1).expand_as(scores)[real]
        kept = batched_nms(boxes[real], scores[real], row, self.distinct_iou)
        # First what is distinct, then other real cells, then padding.
        rank = torch.zeros_like(scores[real]).index_fill(0, kept, 1.0)
        order = scores.masked_scatter(real, scores[real] - 1 + rank)
        return index.gather(1, order.topk(min(count, few), dim=1).indices)
