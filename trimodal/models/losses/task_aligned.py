"""A dense loss: the cells that answer best learn from a box together.

Shape letters: see :mod:`trimodal.models.layers.box_targets`; N cells here, M
true boxes of a sample, C classes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.layers.box_targets import BoxTargets
from trimodal.models.layers.boxes import (
    corners,
    paired_overlaps,
    pairwise_overlaps,
)
from trimodal.models.layers.checks import (
    check_not_negative,
    check_positive,
)
from trimodal.models.layers.grid_cells import GridCells
from trimodal.models.losses.counting import shared_count
from trimodal.registry import MODELS

# A product of a score and a power of an IoU may get this small.
NOTHING = 1e-9


@MODELS.register_module()
class TaskAlignedLoss(nn.Module):
    """One-to-many: each true box teaches the cells that are best at it.

    From `TOOD <https://arxiv.org/abs/2108.07755>`_: of the cells inside a box
    the ``topk`` with the largest ``score^alpha * IoU^beta`` are to find it. A
    cell's target score is its share of the best one's, times the best IoU;
    the class loss is the quality focal loss of `Generalized Focal Loss
    <https://arxiv.org/abs/2006.04388>`_ towards it, the box loss the
    generalized IoU weighted by it. Both are divided by the sum of target
    scores over all processes. A cell that is to find none learns no
    class where its box lies in a crowd.

    Args:
        topk (int): Cells of a box. Defaults to 10.
        alpha (float): Exponent of the score. Defaults to 1.0.
        beta (float): Exponent of the IoU. Defaults to 6.0.
        gamma (float): Exponent of the class loss's modulation. Defaults to
            2.0.
        class_weight (float): Weight of the class loss. Defaults to 1.0.
        giou_weight (float): Weight of the box loss. Defaults to 2.0.

    Raises:
        ValueError: If ``topk`` is not positive, or another number negative.
    """

    def __init__(
        self,
        topk: int = 10,
        alpha: float = 1.0,
        beta: float = 6.0,
        gamma: float = 2.0,
        class_weight: float = 1.0,
        giou_weight: float = 2.0,
    ) -> None:
        super().__init__()
        check_positive(topk=topk)
        check_not_negative(
            alpha=alpha,
            beta=beta,
            gamma=gamma,
            class_weight=class_weight,
            giou_weight=giou_weight,
        )
        self.topk = topk
        self.alpha = alpha
        self.beta = beta
        self.gamma = gamma
        self.class_weight = class_weight
        self.giou_weight = giou_weight

    def forward(
        self,
        logits: Tensor,
        boxes: Tensor,
        where: GridCells,
        targets: BoxTargets,
    ) -> dict[str, Tensor]:
        """Compute the losses.

        Args:
            logits (Tensor): float ``[B, N, C]``.
            boxes (Tensor): float ``[B, N, 4]``, centred and relative.
            where (GridCells): Where the cells are.
            targets (BoxTargets): The true boxes.

        Returns:
            dict[str, Tensor]: ``loss_class`` and ``loss_giou``, scalars.
        """
        logits, boxes = logits.float(), boxes.float()
        scores = logits.detach().sigmoid()
        owner, quality = self.assign(scores, boxes.detach(), where, targets)
        row, cell = (quality > 0).nonzero(as_tuple=True)
        box, value = owner[row, cell], quality[row, cell]
        target = torch.zeros_like(logits)
        target[row, cell, targets.labels[row, box]] = value
        asked = targets.asked(boxes, where.mask) | (quality > 0)
        weight = (target - scores).abs() ** self.gamma * asked.unsqueeze(2)
        loss = F.binary_cross_entropy_with_logits(
            logits, target, weight, reduction='sum'
        )
        giou = paired_overlaps(
            corners(boxes[row, cell]), corners(targets.boxes[row, box])
        )[1]
        count = shared_count(value.sum())
        return {
            'loss_class': self.class_weight * loss / count,
            'loss_giou': self.giou_weight * ((1 - giou) * value).sum() / count,
        }

    @torch.no_grad()
    def assign(
        self,
        scores: Tensor,
        boxes: Tensor,
        where: GridCells,
        targets: BoxTargets,
    ) -> tuple[Tensor, Tensor]:
        """Which true box each cell is to find.

        Args:
            scores (Tensor): float ``[B, N, C]``, probabilities.
            boxes (Tensor): float ``[B, N, 4]``, centred and relative.
            where (GridCells): Where the cells are.
            targets (BoxTargets): The true boxes.

        Returns:
            tuple[Tensor, Tensor]: The index of the box, int64 ``[B, N]``, and
            the target score, float32 ``[B, N]``, 0 for a cell without one.
        """
        if not targets.mask.shape[1]:
            zeros = torch.zeros_like(scores[..., 0])
            return zeros.long(), zeros
        true = corners(targets.boxes)
        iou = pairwise_overlaps(true, corners(boxes))[0]
        index = targets.labels.unsqueeze(2).expand(-1, -1, scores.shape[1])
        fit = scores.mT.gather(1, index).pow_(self.alpha)
        fit.mul_(iou.pow(self.beta)).mul_(_inside(true, where, targets))
        best, cells = fit.topk(min(self.topk, fit.shape[2]), dim=2)
        chosen = torch.zeros_like(fit, dtype=torch.bool)
        chosen.scatter_(2, cells, best > NOTHING)
        # A cell of several boxes is that of the one it covers best.
        owner = iou.masked_fill(~chosen, -1).argmax(1)
        kept = torch.zeros_like(chosen).scatter_(1, owner.unsqueeze(1), True)
        chosen &= kept
        fit.mul_(chosen)
        share = fit / fit.amax(2, keepdim=True).clamp(min=NOTHING)
        quality = share * (iou * chosen).amax(2, keepdim=True)
        return owner, quality.amax(1)


def _inside(true: Tensor, where: GridCells, targets: BoxTargets) -> Tensor:
    """Whether a real cell's centre lies in a real box, bool ``[B, M, N]``."""
    x, y = where.boxes[..., :2].unsqueeze(1).unbind(-1)
    x1, y1, x2, y2 = true.unsqueeze(2).unbind(-1)
    inside = (x > x1) & (x < x2) & (y > y1) & (y < y2)
    return inside & targets.mask.unsqueeze(2) & where.mask.unsqueeze(1)
