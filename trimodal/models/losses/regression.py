"""Losses of regression, averaged over what is annotated in all processes."""

from abc import ABCMeta, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.layers.checks import check_positive
from trimodal.models.losses.counting import shared_count
from trimodal.registry import MODELS


class ValueLoss(nn.Module, metaclass=ABCMeta):
    """Mean over the values that are annotated: those whose target is no NaN.

    It runs over the values of all processes together, as gradients are
    averaged over processes: several with a batch each give the same step as
    one with all of it, even where they have different numbers of targets.

    Args:
        loss_weight (float): Factor of the result. Defaults to 1.0.

    Raises:
        ValueError: If ``loss_weight`` is not positive.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        check_positive(loss_weight=loss_weight)
        self.loss_weight = loss_weight

    @abstractmethod
    def each(self, pred: Tensor, target: Tensor) -> Tensor:
        """The loss of every value, in the shape of both."""

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """Compute the loss; nothing annotated gives zero, with a gradient.

        Args:
            pred (Tensor): float ``[N, D]``.
            target (Tensor): float ``[N, D]``; NaN: not annotated.

        Returns:
            Tensor: float32 scalar.

        Raises:
            ValueError: If the shapes differ.
        """
        if pred.shape != target.shape:
            raise ValueError(
                'pred and target must have the same shape, got '
                f'{tuple(pred.shape)} and {tuple(target.shape)}'
            )
        known = ~target.isnan()
        each = self.each(pred.float(), target.float().masked_fill(~known, 0))
        total = torch.where(known, each, 0).sum()
        return self.loss_weight * total / shared_count(known.sum().float())


@MODELS.register_module()
class MSELoss(ValueLoss):
    """Mean squared error; see :class:`ValueLoss` for what is masked.

    Args:
        loss_weight (float): Factor of the result. Defaults to 1.0.

    Raises:
        ValueError: If ``loss_weight`` is not positive.
    """

    def each(self, pred: Tensor, target: Tensor) -> Tensor:
        """Squared differences."""
        return F.mse_loss(pred, target, reduction='none')


@MODELS.register_module()
class L1Loss(ValueLoss):
    """Mean absolute error; see :class:`ValueLoss` for what is masked.

    Args:
        loss_weight (float): Factor of the result. Defaults to 1.0.

    Raises:
        ValueError: If ``loss_weight`` is not positive.
    """

    def each(self, pred: Tensor, target: Tensor) -> Tensor:
        """Absolute differences."""
        return F.l1_loss(pred, target, reduction='none')


@MODELS.register_module()
class HuberLoss(ValueLoss):
    """Squared for small errors, absolute for large ones.

    From `Robust Estimation of a Location Parameter
    <https://doi.org/10.1214/aoms/1177703732>`_. With *e* for the absolute
    error: e² / 2 up to ``delta``, and delta · (e - delta / 2) beyond. What is
    masked: see :class:`ValueLoss`.

    Args:
        delta (float): Where the one becomes the other; in standard deviations
            if the head standardises. Defaults to 1.0.
        loss_weight (float): Factor of the result. Defaults to 1.0.

    Raises:
        ValueError: If ``loss_weight`` or ``delta`` is not positive.
    """

    def __init__(self, delta: float = 1.0, loss_weight: float = 1.0) -> None:
        super().__init__(loss_weight)
        check_positive(delta=delta)
        self.delta = delta

    def each(self, pred: Tensor, target: Tensor) -> Tensor:
        """Huber's function of the differences."""
        return F.huber_loss(pred, target, reduction='none', delta=self.delta)
