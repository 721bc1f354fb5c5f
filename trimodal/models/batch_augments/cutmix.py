"""CutMix: a part of one sample in place of the other's.

Shape letters: see :mod:`trimodal.models.batch_augments.base`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from trimodal.models.batch_augments.base import BaseMix, is_picture
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput


@MODELS.register_module()
class CutMix(BaseMix):
    """A box of the partner's picture, a stretch of its sequences.

    `CutMix: Regularization Strategy to Train Strong Classifiers with
    Localizable Features <https://arxiv.org/abs/1905.04899>`_, for several
    modalities with one share ``S``; see
    :class:`~trimodal.models.batch_augments.base.BaseMix` for what one of the
    two lacks. A sequence of ``T`` steps gets a stretch of ``(1 - S) T`` of
    the partner's at the same place, all hands of a frame together; a picture
    a box with ``sqrt(1 - S)`` of its height and width. Both lie where both
    samples have something, anywhere there, so they may be smaller; the target
    goes by what is to be seen in the end.

    Args:
        num_classes (int): Classes.
        alpha (float): Of the distribution of shares, Beta(alpha, alpha).
            Defaults to 1.0: all alike.
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
        alpha: float = 1.0,
        prob: float = 1.0,
        drop: Sequence[str] = (),
    ) -> None:
        super().__init__(num_classes, alpha, prob, drop)

    def shares(self, x: ModalityInput, partner: Tensor, s: Tensor) -> Tensor:
        """0 within the partner's part, 1 elsewhere."""
        if is_picture(x):
            side = (1 - s).sqrt()
            rows = _stretch(x.mask.any(2), partner, side)
            columns = _stretch(x.mask.any(1), partner, side)
            inside = rows.unsqueeze(2) & columns.unsqueeze(1)
        else:
            steps = x.mask.flatten(2).any(2) if x.mask.dim() > 2 else x.mask
            inside = _stretch(steps, partner, 1 - s)
            inside = inside.view(*steps.shape, *[1] * (x.mask.dim() - 2))
        return (~inside).float().expand(x.mask.shape)


def _stretch(there: Tensor, partner: Tensor, part: Tensor) -> Tensor:
    """Somewhere in what both have, as long as ``part`` of one's own.

    Args:
        there (Tensor): bool ``[B, T]``, where there is something.
        partner (Tensor): int64 ``[B]``.
        part (Tensor): float32 ``[B]``.

    Returns:
        Tensor: bool ``[B, T]``.
    """
    place = torch.arange(there.shape[1], device=there.device)
    ends = ((place + 1) * there).amax(1)
    limit = torch.minimum(ends, ends[partner])
    size = torch.minimum((part * ends).round().long(), limit)
    draw = torch.rand(len(there)).to(there.device)
    start = (draw * (limit - size + 1)).floor().long()
    start = start.unsqueeze(1)
    return (place >= start) & (place < start + size.unsqueeze(1))
