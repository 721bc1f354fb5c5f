"""Soft dynamic time warping as a loss.

Shape letters: see :mod:`trimodal.structures.streams`; S the steps of the
second sequence.
"""

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from trimodal.models.layers.checks import check_positive
from trimodal.models.layers.soft_dtw import compact, soft_dtw
from trimodal.registry import MODELS


@MODELS.register_module()
class SoftDTWLoss(nn.Module):
    """How far two sequences of any lengths are from each other.

    `Soft-DTW <https://arxiv.org/abs/1703.01541>`_ over squared Euclidean
    distances of steps: the soft minimum over all ways to warp one onto the
    other. Alone it may be negative, and is not smallest where the sequences
    are equal; so by default it is the `soft-DTW divergence
    <https://arxiv.org/abs/2010.08354>`_, from which half of each sequence's
    own value is taken away: never negative, and 0 where they are equal. Each
    sample's value is divided by its number of steps, both sequences together.
    Masked steps do not count.

    The mean runs over the samples of all processes that have both sequences.

    Args:
        gamma (float): Temperature of the minimum. Defaults to 0.1.
        divergence (bool): Whether it is the divergence. Defaults to True.
        loss_weight (float): Factor of the result. Defaults to 1.0.

    Raises:
        ValueError: If ``gamma`` or ``loss_weight`` is not positive.
    """

    def __init__(
        self,
        gamma: float = 0.1,
        divergence: bool = True,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        check_positive(gamma=gamma, loss_weight=loss_weight)
        self.gamma = gamma
        self.divergence = divergence
        self.loss_weight = loss_weight

    def forward(
        self,
        x: Tensor,
        y: Tensor,
        x_mask: Tensor | None = None,
        y_mask: Tensor | None = None,
    ) -> Tensor:
        """Compute the loss; no samples give zero, with a gradient.

        Args:
            x (Tensor): float ``[B, T, C]``.
            y (Tensor): float ``[B, S, C]``.
            x_mask (Tensor | None): bool ``[B, T]``, True for real steps.
                Defaults to None: all are real.
            y_mask (Tensor | None): bool ``[B, S]``. Defaults to None.

        Returns:
            Tensor: float32 scalar (float64 for float64).
        """
        with torch.autocast(x.device.type, enabled=False):
            x, rows = _ready(x, x_mask)
            y, columns = _ready(y, y_mask)
            value = self._value(x, y, rows, columns)
            if self.divergence:
                value = value - 0.5 * (
                    self._value(x, x, rows, rows)
                    + self._value(y, y, columns, columns)
                )
            there = (rows > 0) & (columns > 0)
            value = value / (rows + columns).clamp(min=1)
            total = value.masked_fill(~there, 0).sum()
            count = there.sum().to(total.dtype)
            all_reduce(count, op='mean')
            return self.loss_weight * total / count.masked_fill(count == 0, 1)

    def _value(
        self, x: Tensor, y: Tensor, rows: Tensor, columns: Tensor
    ) -> Tensor:
        """Soft-DTW of each pair, float ``[B]``."""
        squares = x.square().sum(2, keepdim=True)
        cost = squares + y.square().sum(2).unsqueeze(1) - 2 * x @ y.mT
        return soft_dtw(cost, rows, columns, self.gamma)


def _ready(x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """In full precision, real steps in front; and how many they are."""
    x = x if x.dtype == torch.float64 else x.float()
    if mask is None:
        mask = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
    return compact(x, mask)
