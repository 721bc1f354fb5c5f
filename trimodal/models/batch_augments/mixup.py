"""Mixup: weighted means of two samples.

Shape letters: see :mod:`trimodal.models.batch_augments.base`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from trimodal.models.batch_augments.base import BaseMix
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput


@MODELS.register_module()
class Mixup(BaseMix):
    """Each step is the weighted mean of the two samples'.

    `mixup: Beyond Empirical Risk Minimization
    <https://arxiv.org/abs/1710.09412>`_, for several modalities with one
    share; see :class:`~trimodal.models.batch_augments.base.BaseMix` for what
    one of the two lacks. Steps are met in order from the first; one that only
    one of the two has (the end of the longer one, a hand that the other does
    not show) stays as it is, and counts so in the target.

    Args:
        num_classes (int): Classes.
        alpha (float): Of the distribution of shares, Beta(alpha, alpha):
            below 1 most samples stay nearly what they are. Defaults to 0.2.
        prob (float): Probability that a batch is mixed. Defaults to 1.0.
        drop (Sequence[str]): Other targets that samples may have, because no
            head asks for them (such as ``'gt_text'``): mixed samples lose
            them. Defaults to ().

    Raises:
        ValueError: If ``num_classes`` or ``alpha`` is not positive, or
            ``prob`` lies outside [0, 1].
    """

    def __init__(
        self,
        num_classes: int,
        alpha: float = 0.2,
        prob: float = 1.0,
        drop: Sequence[str] = (),
    ) -> None:
        super().__init__(num_classes, alpha, prob, drop)

    def shares(self, x: ModalityInput, partner: Tensor, s: Tensor) -> Tensor:
        """``S`` where both have something, else that one's."""
        both = x.mask & x.mask[partner]
        column = s.view(-1, *[1] * (x.mask.dim() - 1))
        # Where neither has anything the partner's zeros will do.
        return torch.where(both, column, x.mask.float())
