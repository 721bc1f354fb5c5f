"""What queries are told about their class.

Shape letters: see :mod:`trimodal.models.layers.box_targets`; C classes.
"""

import torch
import torch.nn.functional as F
from mmengine.dist import all_reduce
from torch import Tensor

from trimodal.models.layers.box_targets import Matches


def softmax_loss(
    logits: Tensor,
    matches: Matches,
    labels: Tensor,
    queries: Tensor,
    no_object_weight: float,
) -> Tensor:
    """Cross-entropy with one class more: that there is no object.

    As in `DETR <https://arxiv.org/abs/2005.12872>`_, a weighted mean over all
    queries, here of all processes.

    Args:
        logits (Tensor): float32 ``[D, B, Q, C + 1]``.
        matches (Matches): Queries that have an object.
        labels (Tensor): int64 ``[K]``, its class.
        queries (Tensor): bool ``[B, Q]`` or ``[D, B, Q]``, those that are
            asked; all that have an object are.
        no_object_weight (float): Weight of queries without one.

    Returns:
        Tensor: float32 ``[D]``.
    """
    classes = logits.shape[-1] - 1
    target = labels.new_full(logits.shape[:-1], classes)
    target[matches.layer, matches.row, matches.query] = labels
    weight = torch.where(target == classes, no_object_weight, 1.0)
    weight = weight * queries
    loss = F.cross_entropy(
        logits.flatten(0, 2), target.flatten(), reduction='none'
    )
    total = (loss.view_as(weight) * weight).sum((1, 2))
    count = weight.sum((1, 2))
    all_reduce(count, op='mean')
    return total / count.masked_fill(count == 0, 1)


def focal_loss(
    logits: Tensor,
    matches: Matches,
    labels: Tensor,
    queries: Tensor,
    alpha: float,
    gamma: float,
) -> Tensor:
    """`Focal loss <https://arxiv.org/abs/1708.02002>`_, summed.

    Args:
        logits (Tensor): float32 ``[D, B, Q, C]``.
        matches (Matches): Queries that have an object.
        labels (Tensor): int64 ``[K]``, its class.
        queries (Tensor): bool ``[B, Q]`` or ``[D, B, Q]``, those that are
            asked; all that have an object are.
        alpha (float): Weight of objects; 1 - alpha is that of others.
        gamma (float): Exponent of the modulating factor.

    Returns:
        Tensor: float32 ``[D]``.
    """
    scores = logits.sigmoid()
    nothing = scores**gamma * F.softplus(logits) * (1 - alpha)
    place = (matches.layer, matches.row, matches.query, labels)
    score, logit = scores[place], logits[place]
    something = (1 - score) ** gamma * F.softplus(-logit) * alpha
    return _sums(nothing, something, place, queries)


def varifocal_loss(
    logits: Tensor,
    matches: Matches,
    labels: Tensor,
    queries: Tensor,
    quality: Tensor,
    alpha: float,
    gamma: float,
) -> Tensor:
    """`Varifocal loss <https://arxiv.org/abs/2008.13367>`_, summed.

    A score is to tell how good the box is: its IoU with the true one.

    Args:
        logits (Tensor): float32 ``[D, B, Q, C]``.
        matches (Matches): Queries that have an object.
        labels (Tensor): int64 ``[K]``, its class.
        queries (Tensor): bool ``[B, Q]`` or ``[D, B, Q]``, those that are
            asked; all that have an object are.
        quality (Tensor): float32 ``[K]``, the IoU.
        alpha (float): Weight of what is no object.
        gamma (float): Exponent of the modulating factor.

    Returns:
        Tensor: float32 ``[D]``.
    """
    weight = logits.detach().sigmoid() ** gamma * alpha
    place = (matches.layer, matches.row, matches.query, labels)
    logit = logits[place]
    something = quality * (F.softplus(logit) - quality * logit)
    return _sums(weight * F.softplus(logits), something, place, queries)


def _sums(
    nothing: Tensor,
    something: Tensor,
    place: tuple[Tensor, ...],
    queries: Tensor,
) -> Tensor:
    """Sums ``[D]`` of what all pay as no object, but objects as such.

    Few are objects: to compute both for all takes twice as long.
    """
    total = (nothing.sum(3) * queries).sum((1, 2))
    return total.index_add(0, place[0], something - nothing[place])
