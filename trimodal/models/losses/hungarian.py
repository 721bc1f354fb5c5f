"""Which query answers for which true box.

Shape letters: see :mod:`trimodal.models.layers.box_targets`; C classes.
"""

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn

from trimodal.models.layers.box_targets import BoxTargets, Matches
from trimodal.models.layers.boxes import corners, pairwise_overlaps
from trimodal.models.layers.checks import (
    check_choice,
    check_not_negative,
    check_probability,
)
from trimodal.registry import MODELS

CLASS_COSTS = ('probability', 'focal')
# More than any cost of a real query.
NEVER = 1e6
EPS = 1e-8


@MODELS.register_module()
class HungarianMatcher(nn.Module):
    """The one-to-one assignment of least total cost.

    From `End-to-End Object Detection with Transformers
    <https://arxiv.org/abs/2005.12872>`_. The costs of all layers and samples
    are computed where the predictions are, those of a layer in one go, and go
    to the CPU in one transfer; only the assignments themselves (scipy's) are
    one by one.

    Args:
        class_weight (float): Weight of the class cost. Defaults to 2.0.
        l1_weight (float): Weight of the L1 distance of relative centred
            boxes. Defaults to 5.0.
        giou_weight (float): Weight of the negative generalized IoU. Defaults
            to 2.0.
        class_cost (str): ``'probability'``, minus the true class's, or
            ``'focal'``, how the focal loss would change, as in `Deformable
            DETR <https://arxiv.org/abs/2010.04159>`_. Defaults to
            ``'focal'``.
        alpha (float): Of the focal cost. Defaults to 0.25.
        gamma (float): Of the focal cost. Defaults to 2.0.

    Raises:
        ValueError: If a weight or ``gamma`` is negative, all weights are 0,
            ``class_cost`` is neither, or ``alpha`` outside [0, 1].
    """

    def __init__(
        self,
        class_weight: float = 2.0,
        l1_weight: float = 5.0,
        giou_weight: float = 2.0,
        class_cost: str = 'focal',
        alpha: float = 0.25,
        gamma: float = 2.0,
    ) -> None:
        super().__init__()
        check_not_negative(
            class_weight=class_weight,
            l1_weight=l1_weight,
            giou_weight=giou_weight,
            gamma=gamma,
        )
        if not class_weight + l1_weight + giou_weight:
            raise ValueError('one of the weights must be larger than 0')
        check_choice('class_cost', class_cost, CLASS_COSTS)
        check_probability(alpha=alpha)
        self.class_weight = class_weight
        self.l1_weight = l1_weight
        self.giou_weight = giou_weight
        self.class_cost = class_cost
        self.alpha = alpha
        self.gamma = gamma

    @torch.no_grad()
    def forward(
        self,
        scores: Tensor,
        boxes: Tensor,
        targets: BoxTargets,
        queries: Tensor | None = None,
    ) -> Matches:
        """Match every layer's queries.

        Args:
            scores (Tensor): float ``[D, B, Q, C]``, probabilities of classes.
            boxes (Tensor): float ``[D, B, Q, 4]``, centred and relative.
            targets (BoxTargets): The true boxes.
            queries (Tensor | None): bool ``[B, Q]``, the real queries, as
                many as there are boxes or more. Defaults to None: all are.

        Returns:
            Matches: The pairs.
        """
        pairs = np.zeros((4, 0), np.int64)
        if any(targets.counts):
            layers = zip(scores, boxes, strict=True)
            # Layer by layer: of all at once, a CPU spends most of the time
            # on fresh memory.
            cost = torch.stack([self.cost(*one, targets) for one in layers])
            if queries is not None:
                cost.masked_fill_(~queries.unsqueeze(1), NEVER)
            pairs = _assign(cost.cpu().numpy(), targets.counts)
        return Matches(*torch.from_numpy(pairs).to(boxes.device).unbind())

    def cost(
        self, scores: Tensor, boxes: Tensor, targets: BoxTargets
    ) -> Tensor:
        """The cost of every pair of a layer, all samples in one go.

        Args:
            scores (Tensor): float ``[B, Q, C]``.
            boxes (Tensor): float ``[B, Q, 4]``.
            targets (BoxTargets): The true boxes.

        Returns:
            Tensor: float32 ``[B, N, Q]``.
        """
        # A row of queries for each box: what the assignment takes without a
        # copy.
        cost = self._class_cost(scores.float().mT, targets.labels)
        cost.mul_(self.class_weight)
        boxes = boxes.float()
        if self.l1_weight:
            distance = torch.cdist(targets.boxes, boxes, p=1)
            cost.add_(distance, alpha=self.l1_weight)
        if self.giou_weight:
            giou = pairwise_overlaps(corners(targets.boxes), corners(boxes))[1]
            cost.sub_(giou, alpha=self.giou_weight)
        # What overflowed is not matched; scipy would refuse it.
        return cost.nan_to_num_(NEVER, NEVER, NEVER)

    def _class_cost(self, p: Tensor, labels: Tensor) -> Tensor:
        """From probabilities ``[B, C, Q]`` to costs ``[B, N, Q]``."""
        index = labels.unsqueeze(2).expand(-1, -1, p.shape[2])
        if self.class_cost == 'probability':
            return p.gather(1, index).neg_()
        # Of as few numbers as can be.
        if p.shape[1] < index.shape[1]:
            return self._focal(p).gather(1, index)
        return self._focal(p.gather(1, index))

    def _focal(self, p: Tensor) -> Tensor:
        q = 1 - p
        right = (p + EPS).log_().mul_(q**self.gamma).mul_(-self.alpha)
        wrong = (q + EPS).log_().mul_(p**self.gamma).mul_(self.alpha - 1)
        return right.sub_(wrong)


def _assign(cost: np.ndarray, counts: tuple[int, ...]) -> np.ndarray:
    """Pairs int64 ``[4, K]`` of least cost: layer, row, query, box."""
    found = []
    for layer, per_row in enumerate(cost):
        for row, count in enumerate(counts):
            box, query = linear_sum_assignment(per_row[row, :count])
            possible = per_row[row, box, query] < NEVER
            box, query = box[possible], query[possible]
            place = np.full((2, len(box)), ((layer,), (row,)))
            found.append(np.concatenate([place, [query, box]]))
    return np.concatenate(found, axis=1)
