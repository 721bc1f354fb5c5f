"""Focal losses: what is answered well already counts less.

Shape letters: N samples, C classes.
"""

from collections.abc import Sequence

from torch import Tensor
from torchvision.ops import sigmoid_focal_loss

from trimodal.models.layers.checks import (
    check_not_negative,
    check_probability,
)
from trimodal.models.layers.class_weight import ClassWeight
from trimodal.models.layers.soft_targets import class_shares
from trimodal.models.losses.base import SampleLoss
from trimodal.registry import MODELS


@MODELS.register_module()
class FocalLoss(SampleLoss):
    """A yes or no for each class, the sum over classes, the mean over samples.

    `Focal Loss for Dense Object Detection
    <https://arxiv.org/abs/1708.02002>`_. It is about sigmoids, so it belongs
    to a ``MultiLabelHead``; for one class a sample there is
    :class:`SoftmaxFocalLoss`.

    Args:
        gamma (float): How much less what is answered well counts; 0 is binary
            cross-entropy. Defaults to 2.0.
        alpha (float | None): Weight of yes; that of no is ``1 - alpha``. None
            gives both 1. Defaults to 0.25.
        loss_weight (float): Factor of the result. Defaults to 1.0.

    Raises:
        ValueError: If ``gamma`` is negative, ``alpha`` lies outside [0, 1],
            or ``loss_weight`` is not positive.
    """

    def __init__(
        self,
        gamma: float = 2.0,
        alpha: float | None = 0.25,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__(loss_weight)
        check_not_negative(gamma=gamma)
        if alpha is not None:
            check_probability(alpha=alpha)
        self.gamma = gamma
        # torchvision's word for no weights.
        self.alpha = -1.0 if alpha is None else alpha

    def each(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """The sum over the classes of each sample."""
        target = class_shares(target, logits.shape[1])
        values = sigmoid_focal_loss(logits, target, self.alpha, self.gamma)
        values = values.sum(1)
        return values, values.new_ones(len(values))


@MODELS.register_module()
class SoftmaxFocalLoss(SampleLoss):
    """Cross-entropy with each sample weighted by how wrong it still is.

    The focal loss of `Focal Loss for Dense Object Detection
    <https://arxiv.org/abs/1708.02002>`_ for one class a sample:
    ``(1 - p) ** gamma * -log(p)`` with ``p`` the softmax of the true class.
    Of shares of several classes it is the mean over the shares.

    Args:
        gamma (float): How much less what is answered well counts; 0 is
            cross-entropy. Defaults to 2.0.
        class_weight (Sequence[float] | str | None): As in
            ``CrossEntropyLoss``. Defaults to None, all alike.
        loss_weight (float): Factor of the result. Defaults to 1.0.

    Raises:
        ValueError: If ``gamma`` is negative or a weight is not positive.
    """

    softmax = True

    def __init__(
        self,
        gamma: float = 2.0,
        class_weight: Sequence[float] | str | None = None,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__(loss_weight)
        check_not_negative(gamma=gamma)
        self.gamma = gamma
        self.class_weight = ClassWeight(class_weight)

    def each(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted focal loss of each sample, and its weight."""
        shares = class_shares(target, logits.shape[1])
        weight = self.class_weight()
        if weight is not None:
            shares = shares * weight
        log_p = logits.log_softmax(1)
        # At 0 a power below 1 has an infinite slope.
        rest = -log_p.expm1()
        focal = rest.clamp(min=1e-12) ** self.gamma * -log_p
        return (shares * focal).sum(1), shares.sum(1)
