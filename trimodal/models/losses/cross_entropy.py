"""Cross-entropy, averaged over all processes."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from trimodal.models.layers.checks import check_probability
from trimodal.models.layers.class_weight import ClassWeight
from trimodal.models.losses.base import SampleLoss
from trimodal.registry import MODELS


@MODELS.register_module()
class CrossEntropyLoss(SampleLoss):
    """Cross-entropy of single-label classification.

    The mean runs over the samples of all processes together. With class
    weights it is a weighted one; a sample with shares of several classes, as
    mixup makes them, weighs the sum of its shares of their weights.

    Args:
        label_smoothing (float): Share of the target spread over all classes.
            Defaults to 0.0.
        class_weight (Sequence[float] | str | None): Weight of each class, or
            ``'balanced'``: the rarer in the training set, the more (see
            :class:`~trimodal.models.layers.class_weight.ClassWeight`).
            Defaults to None, all alike.
        loss_weight (float): Factor of the result. Defaults to 1.0.

    Raises:
        ValueError: If ``label_smoothing`` lies outside [0, 1] or a weight is
            not positive.
    """

    softmax = True

    def __init__(
        self,
        label_smoothing: float = 0.0,
        class_weight: Sequence[float] | str | None = None,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__(loss_weight)
        check_probability(label_smoothing=label_smoothing)
        self.label_smoothing = label_smoothing
        self.class_weight = ClassWeight(class_weight)

    def each(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted cross-entropy of each sample, and its weight."""
        weight = self.class_weight()
        values = F.cross_entropy(
            logits,
            target,
            weight,
            reduction='none',
            label_smoothing=self.label_smoothing,
        )
        if weight is None:
            return values, values.new_ones(len(values))
        if target.is_floating_point():
            return values, target.float() @ weight
        return values, weight[target]
