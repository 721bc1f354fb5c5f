"""The loss of a set of boxes, one query for each.

Shape letters: see :mod:`trimodal.models.layers.box_targets`; C classes.
"""

from collections.abc import Mapping

from torch import Tensor, nn

from trimodal.models.layers.box_targets import BoxTargets, Matches
from trimodal.models.layers.boxes import corners, paired_overlaps
from trimodal.models.layers.checks import (
    check_choice,
    check_not_negative,
    check_probability,
)
from trimodal.models.losses.query_classes import (
    focal_loss,
    softmax_loss,
    varifocal_loss,
)
from trimodal.registry import MODELS
from trimodal.utils import build

CLASSIFICATIONS = ('softmax', 'focal', 'varifocal')


@MODELS.register_module()
class SetLoss(nn.Module):
    """Class, L1 and generalized IoU of each query against its true box.

    From `End-to-End Object Detection with Transformers
    <https://arxiv.org/abs/2005.12872>`_, for all layers of a decoder at once.
    What is summed over boxes is divided by their number. A query without an
    object learns no class where its box lies in a crowd.

    Args:
        matcher (Mapping | nn.Module): Finds the pairs, or its config.
            Defaults to :class:`HungarianMatcher` with its own weights.
        classification (str): ``'softmax'``, with one more class for what is
            no object, ``'focal'`` or ``'varifocal'``; see
            :mod:`trimodal.models.losses.query_classes`. Defaults to
            ``'varifocal'``, which learns much faster.
        class_weight (float): Weight of the class loss. Defaults to 1.0.
        l1_weight (float): Weight of the L1 loss. Defaults to 5.0.
        giou_weight (float): Weight of the generalized IoU loss. Defaults to
            2.0.
        no_object_weight (float): Weight of queries without an object, for
            ``'softmax'``. Defaults to 0.1.
        alpha (float | None): Of the focal losses. Defaults to None: 0.25 for
            ``'focal'``, 0.75 for ``'varifocal'``.
        gamma (float): Of the focal losses. Defaults to 2.0.

    Raises:
        ValueError: If ``classification`` is none of these, a weight or
            ``gamma`` is negative, or ``alpha`` outside [0, 1].
    """

    def __init__(
        self,
        matcher: Mapping | nn.Module = {'type': 'HungarianMatcher'},  # noqa: B006
        classification: str = 'varifocal',
        class_weight: float = 1.0,
        l1_weight: float = 5.0,
        giou_weight: float = 2.0,
        no_object_weight: float = 0.1,
        alpha: float | None = None,
        gamma: float = 2.0,
    ) -> None:
        super().__init__()
        check_choice('classification', classification, CLASSIFICATIONS)
        check_not_negative(
            class_weight=class_weight,
            l1_weight=l1_weight,
            giou_weight=giou_weight,
            no_object_weight=no_object_weight,
            gamma=gamma,
        )
        if alpha is None:
            alpha = 0.25 if classification == 'focal' else 0.75
        check_probability(alpha=alpha)
        self.matcher = build(matcher, MODELS)
        self.classification = classification
        self.weights = (class_weight, l1_weight, giou_weight)
        self.no_object_weight = no_object_weight
        self.alpha = alpha
        self.gamma = gamma

    @property
    def extra_logits(self) -> int:
        """How many logits there are beside those of the classes."""
        return int(self.classification == 'softmax')

    def scores(self, logits: Tensor) -> Tensor:
        """Probabilities ``[..., C]`` of logits ``[..., C or C + 1]``."""
        if self.classification == 'softmax':
            return logits.softmax(-1)[..., :-1]
        return logits.sigmoid()

    def forward(
        self,
        logits: Tensor,
        boxes: Tensor,
        targets: BoxTargets,
        queries: Tensor,
        count: Tensor,
        matches: Matches | None = None,
    ) -> dict[str, Tensor]:
        """Compute the losses of each layer.

        Args:
            logits (Tensor): float ``[D, B, Q, C or C + 1]``.
            boxes (Tensor): float ``[D, B, Q, 4]``, centred and relative.
            targets (BoxTargets): The true boxes.
            queries (Tensor): bool ``[B, Q]``: queries that are real.
            count (Tensor): float scalar: what sums over boxes are divided by,
                the mean number of boxes over processes.
            matches (Matches | None): Pairs where they are known. Defaults to
                None: the matcher finds them.

        Returns:
            dict[str, Tensor]: ``loss_class``, ``loss_l1`` and ``loss_giou``,
            each float32 ``[D]``.
        """
        logits, boxes = logits.float(), boxes.float()
        if matches is None:
            scores = self.scores(logits.detach())
            matches = self.matcher(scores, boxes.detach(), targets, queries)
        mine, true = matches.of(boxes), matches.true(targets.boxes)
        iou, giou = paired_overlaps(corners(mine), corners(true))
        labels = matches.true(targets.labels)
        # Of all layers, as their boxes may lie in crowds or not.
        asked = targets.asked(boxes, queries).expand(logits.shape[:3]).clone()
        asked[matches.layer, matches.row, matches.query] = True
        terms = (
            self._classify(
                logits, matches, labels, asked, iou.detach(), count
            ),
            _by_layer((mine - true).abs().sum(-1), matches, logits) / count,
            _by_layer(1 - giou, matches, logits) / count,
        )
        names = ('loss_class', 'loss_l1', 'loss_giou')
        return {
            name: weight * term
            for name, weight, term in zip(
                names, self.weights, terms, strict=True
            )
        }

    def _classify(
        self,
        logits: Tensor,
        matches: Matches,
        labels: Tensor,
        asked: Tensor,
        quality: Tensor,
        count: Tensor,
    ) -> Tensor:
        if self.classification == 'softmax':
            return softmax_loss(
                logits, matches, labels, asked, self.no_object_weight
            )
        if self.classification == 'focal':
            loss = focal_loss(
                logits, matches, labels, asked, self.alpha, self.gamma
            )
        else:
            loss = varifocal_loss(
                logits,
                matches,
                labels,
                asked,
                quality,
                self.alpha,
                self.gamma,
            )
        return loss / count


def _by_layer(values: Tensor, matches: Matches, logits: Tensor) -> Tensor:
    """Sums ``[D]`` of the values ``[K]`` of each layer's pairs."""
    sums = logits.new_zeros(len(logits))
    return sums.index_add(0, matches.layer, values)
