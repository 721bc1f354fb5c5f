"""Connectionist temporal classification, averaged over all processes.

Shape letters: see :mod:`trimodal.structures.streams`; V tokens of the
vocabulary, L tokens of the longest target.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.layers.checks import check_not_negative, check_positive
from trimodal.models.losses.counting import shared_count
from trimodal.registry import MODELS


@MODELS.register_module()
class CTCLoss(nn.Module):
    """How unlikely a sequence of tokens is, however it lies in the steps.

    From `Connectionist Temporal Classification: Labelling Unsegmented
    Sequence Data with Recurrent Neural Networks
    <https://dl.acm.org/doi/10.1145/1143844.1143891>`_. A target that has no
    room in its steps (see :func:`too_short`) counts as a sample of loss zero.

    The mean runs over the samples of all processes together.

    Args:
        blank (int): Number of the blank token. Defaults to 0.
        per_token (bool): Whether each sample's value is divided by the number
            of its tokens, so that long ones do not outweigh the others.
            Defaults to True.
        loss_weight (float): Factor of the result. Defaults to 1.0.

    Raises:
        ValueError: If ``blank`` is negative or ``loss_weight`` not positive.
    """

    def __init__(
        self,
        blank: int = 0,
        per_token: bool = True,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        check_not_negative(blank=blank)
        check_positive(loss_weight=loss_weight)
        self.blank = blank
        self.per_token = per_token
        self.loss_weight = loss_weight

    def forward(
        self,
        log_probs: Tensor,
        lengths: Tensor,
        targets: Tensor,
        target_lengths: Tensor,
    ) -> Tensor:
        """Compute the loss; no samples give zero, with a gradient.

        Args:
            log_probs (Tensor): float ``[B, T, V]``, logarithms of
                probabilities.
            lengths (Tensor): int64 ``[B]``, steps of each that are real.
            targets (Tensor): int64 ``[B, L]``, padded with anything.
            target_lengths (Tensor): int64 ``[B]``.

        Returns:
            Tensor: float32 scalar.
        """
        total = log_probs.float().sum() * 0
        if len(log_probs):
            values = F.ctc_loss(
                log_probs.float().transpose(0, 1),
                targets,
                lengths,
                target_lengths,
                self.blank,
                reduction='none',
                zero_infinity=True,
            )
            if self.per_token:
                values = values / target_lengths.clamp(min=1)
            total = total + values.sum()
        count = shared_count(total.new_tensor(float(len(log_probs))))
        return self.loss_weight * total / count


def too_short(
    lengths: Tensor, targets: Tensor, target_lengths: Tensor
) -> Tensor:
    """Which sequences have fewer steps than their targets need.

    That is a step a token, and one for the blank between two that are alike.

    Args:
        lengths (Tensor): int64 ``[B]``, steps of each.
        targets (Tensor): int64 ``[B, L]``, padded with anything.
        target_lengths (Tensor): int64 ``[B]``.

    Returns:
        Tensor: bool ``[B]``.
    """
    places = torch.arange(targets.shape[1], device=targets.device)[1:]
    alike = (targets[:, 1:] == targets[:, :-1]) & (
        places < target_lengths.unsqueeze(1)
    )
    return lengths < target_lengths + alike.sum(1)
