"""Binary cross-entropy: a yes or no for each class.

Shape letters: N samples, C classes.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from trimodal.models.layers.checks import check_positive, check_probability
from trimodal.models.layers.soft_targets import class_shares
from trimodal.models.losses.base import SampleLoss
from trimodal.registry import MODELS


@MODELS.register_module()
class BinaryCrossEntropyLoss(SampleLoss):
    """The mean over classes and samples, for several classes a sample.

    Args:
        label_smoothing (float): How far targets are moved towards one half: a
            yes becomes ``1 - label_smoothing / 2``. Defaults to 0.0.
        pos_weight (float | Sequence[float] | None): Weight of yes, where that
            of no is 1, for all classes or each. Defaults to None, 1.
        loss_weight (float): Factor of the result. Defaults to 1.0.

    Raises:
        ValueError: If ``label_smoothing`` lies outside [0, 1] or a weight is
            not positive.
    """

    pos_weight: Tensor | None

    def __init__(
        self,
        label_smoothing: float = 0.0,
        pos_weight: float | Sequence[float] | None = None,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__(loss_weight)
        check_probability(label_smoothing=label_smoothing)
        weight = None
        if pos_weight is not None:
            weight = torch.as_tensor(pos_weight, dtype=torch.float32)
            check_positive(pos_weight=weight.min().item())
        self.label_smoothing = label_smoothing
        self.register_buffer('pos_weight', weight, persistent=False)

    def resize(self, num_classes: int) -> None:
        """Tell how many classes there are.

        Raises:
            ValueError: If ``pos_weight`` is for another number.
        """
        weight = self.pos_weight
        if weight is not None and weight.numel() not in (1, num_classes):
            raise ValueError(
                f'pos_weight must be a number or one for each of '
                f'{num_classes} classes, got {weight.tolist()}'
            )

    def each(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """The mean over the classes of each sample."""
        target = class_shares(target, logits.shape[1])
        target = target.lerp(
            torch.full_like(target, 0.5), self.label_smoothing
        )
        values = F.binary_cross_entropy_with_logits(
            logits, target, pos_weight=self.pos_weight, reduction='none'
        ).mean(1)
        return values, values.new_ones(len(values))
