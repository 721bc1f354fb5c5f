"""What losses of classification share: a value for each sample.

Shape letters: N samples, C classes.
"""

from abc import ABCMeta, abstractmethod

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from trimodal.models.layers.checks import check_positive


class SampleLoss(nn.Module, metaclass=ABCMeta):
    """A mean over samples, those of all processes together.

    Gradients are averaged over processes, so several with a batch each give
    the same step as one with all of it, even where they have different
    numbers of samples.

    Args:
        loss_weight (float): Factor of the result. Defaults to 1.0.

    Raises:
        ValueError: If ``loss_weight`` is not positive.
    """

    # Whether classes exclude each other.
    softmax = False

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        check_positive(loss_weight=loss_weight)
        self.loss_weight = loss_weight

    @abstractmethod
    def each(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """The loss of each sample, and how much each counts in the mean.

        Args:
            logits (Tensor): float32 ``[N, C]``.
            target (Tensor): int64 ``[N]``, classes, or float ``[N, C]``.

        Returns:
            tuple[Tensor, Tensor]: float32 ``[N]`` each; the values are
            weighted already.
        """

    def mean(self, values: Tensor, counts: Tensor) -> Tensor:
        """The mean over all processes, times ``loss_weight``.

        Args:
            values (Tensor): float32 ``[N]``, see :meth:`each`.
            counts (Tensor): float32 ``[N]``.

        Returns:
            Tensor: float32 scalar.
        """
        count = counts.detach().sum()
        all_reduce(count, op='mean')
        count = count.masked_fill(count == 0, 1)
        return self.loss_weight * values.sum() / count

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the loss; no samples give zero, with a gradient.

        Args:
            logits (Tensor): float ``[N, C]``.
            target (Tensor): int64 ``[N]``, classes, or float ``[N, C]``, a
                share of each class.

        Returns:
            Tensor: float32 scalar.
        """
        with torch.autocast(logits.device.type, enabled=False):
            return self.mean(*self.each(logits.float(), target))
