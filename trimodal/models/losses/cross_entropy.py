"""Cross-entropy, averaged over all processes."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.dist import all_reduce
from torch import Tensor, nn

from trimodal.models.layers.checks import check_positive, check_probability
from trimodal.registry import MODELS


@MODELS.register_module()
class CrossEntropyLoss(nn.Module):
    """Cross-entropy of single-label classification.

    The (weighted) mean runs over the samples of all processes together, as
    gradients are averaged over processes: several with a batch each give the
    same step as one with all of it, even where they have different numbers
    of labels.

    Args:
        label_smoothing (float): Share of the target spread over all classes.
            Defaults to 0.0.
        class_weight (Sequence[float] | None): Weight of each class. Defaults
            to None, all alike.
        loss_weight (float): Factor of the result. Defaults to 1.0.

    Raises:
        ValueError: If ``label_smoothing`` lies outside [0, 1] or a weight is
            not positive.
    """

    class_weight: Tensor | None

    def __init__(
        self,
        label_smoothing: float = 0.0,
        class_weight: Sequence[float] | None = None,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        check_probability(label_smoothing=label_smoothing)
        check_positive(loss_weight=loss_weight)
        weight = None
        if class_weight is not None:
            check_positive(class_weight=min(class_weight))
            weight = torch.tensor(class_weight, dtype=torch.float32)
        self.label_smoothing = label_smoothing
        self.loss_weight = loss_weight
        self.register_buffer('class_weight', weight, persistent=False)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the loss; no samples give zero, with a gradient.

        Args:
            logits (Tensor): float ``[N, classes]``.
            target (Tensor): int64 ``[N]``.

        Returns:
            Tensor: float32 scalar.
        """
        total = F.cross_entropy(
            logits.float(),
            target,
            self.class_weight,
            reduction='sum',
            label_smoothing=self.label_smoothing,
        )
        if self.class_weight is None:
            count = total.new_tensor(float(len(target)))
        else:
            count = self.class_weight[target].sum()
        all_reduce(count, op='mean')
        count = count.masked_fill(count == 0, 1)
        return self.loss_weight * total / count
