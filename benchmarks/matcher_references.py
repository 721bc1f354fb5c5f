"""Matching and set loss as they are usually written: picture by picture.

What benchmarks/matcher.py measures against, and what the tests hold our loss
to: `DETR <https://arxiv.org/abs/2005.12872>`_'s criterion, layer by layer,
with torchvision's boxes.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torchvision.ops import (
    box_convert,
    generalized_box_iou,
    sigmoid_focal_loss,
)

Truth = Sequence[tuple[Tensor, Tensor]]
WEIGHTS = {'class': 2.0, 'l1': 5.0, 'giou': 2.0}


def _corners(boxes: Tensor) -> Tensor:
    return box_convert(boxes, 'cxcywh', 'xyxy')


def class_cost(logits: Tensor, labels: Tensor, softmax: bool) -> Tensor:
    """Cost ``[Q, N]`` of a picture's queries for its boxes' classes."""
    if softmax:
        return -logits.softmax(-1)[:, labels]
    p = logits.sigmoid()[:, labels]
    right = 0.25 * (1 - p) ** 2 * -(p + 1e-8).log()
    wrong = 0.75 * p**2 * -(1 - p + 1e-8).log()
    return right - wrong


@torch.no_grad()
def match(
    logits: Tensor, boxes: Tensor, labels: Tensor, true: Tensor, softmax: bool
) -> tuple[Tensor, Tensor]:
    """The queries and boxes of one picture that belong together."""
    cost = (
        WEIGHTS['class'] * class_cost(logits, labels, softmax)
        + WEIGHTS['l1'] * torch.cdist(boxes, true, p=1)
        - WEIGHTS['giou']
        * generalized_box_iou(_corners(boxes), _corners(true))
    )
    query, box = linear_sum_assignment(cost.cpu().numpy())
    return torch.as_tensor(query), torch.as_tensor(box)


def plain_losses(
    logits: Tensor, boxes: Tensor, truth: Truth, softmax: bool
) -> dict[str, Tensor]:
    """The losses of one layer.

    Args:
        logits (Tensor): float ``[B, Q, C]``; of a softmax, with one more for
            what is no object.
        boxes (Tensor): float ``[B, Q, 4]``, centred and relative.
        truth (Sequence[tuple[Tensor, Tensor]]): Labels and boxes of each
            picture.
        softmax (bool): Whether classes are those of a softmax; else of focal
            loss.

    Returns:
        dict[str, Tensor]: ``loss_class``, ``loss_l1`` and ``loss_giou``.
    """
    count = max(sum(len(labels) for labels, _ in truth), 1)
    total, weight = logits.new_zeros(()), 0.0
    l1, giou = logits.new_zeros(()), logits.new_zeros(())
    for one, where, (labels, true) in zip(logits, boxes, truth, strict=True):
        query, box = match(one, where, labels, true, softmax)
        if softmax:
            last = one.shape[1] - 1
            target = torch.full((len(one),), last)
            target[query] = labels[box]
            weights = one.new_ones(last + 1)
            weights[-1] = 0.1
            total = total + F.cross_entropy(
                one, target, weights, reduction='sum'
            )
            weight += float(weights[target].sum())
        else:
            target = torch.zeros_like(one)
            target[query, labels[box]] = 1
            total = total + sigmoid_focal_loss(one, target).sum()
        l1 = l1 + F.l1_loss(where[query], true[box], reduction='sum')
        overlap = generalized_box_iou(
            _corners(where[query]), _corners(true[box])
        )
        giou = giou + (1 - overlap.diag()).sum()
    return {
        'loss_class': total / (weight if softmax else count),
        'loss_l1': WEIGHTS['l1'] * l1 / count,
        'loss_giou': WEIGHTS['giou'] * giou / count,
    }
