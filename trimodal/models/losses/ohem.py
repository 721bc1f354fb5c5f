"""Hard-example mining: only the samples with the largest losses count.

Shape letters: N samples, C classes.
"""

import math
from collections.abc import Mapping

import torch
from mmengine.dist import get_rank
from torch import Tensor, nn

from trimodal.models.layers import gather_together
from trimodal.models.losses.base import SampleLoss
from trimodal.registry import MODELS
from trimodal.utils import build


@MODELS.register_module()
class OHEMLoss(nn.Module):
    """The mean over the hardest samples, of those of all processes.

    From `Training Region-based Object Detectors with Online Hard Example
    Mining <https://arxiv.org/abs/1604.03540>`_: samples are sorted by their
    loss, and the rest teaches nothing. Several processes keep the samples
    that one with all of them would keep.

    Args:
        loss (Mapping | nn.Module): A loss with a value for each sample, or
            its config: cross-entropy, binary or not, or a focal loss.
            Defaults to cross-entropy.
        ratio (float): Share of the samples that are kept, rounded up.
            Defaults to 0.7.

    Raises:
        ValueError: If ``ratio`` is not in (0, 1], or ``loss`` of another
            kind.
    """

    def __init__(
        self,
        loss: Mapping | nn.Module = {'type': 'CrossEntropyLoss'},  # noqa: B006
        ratio: float = 0.7,
    ) -> None:
        super().__init__()
        if not 0 < ratio <= 1:
            raise ValueError(f'ratio must be in (0, 1], got {ratio}')
        self.loss = build(loss, MODELS)
        if not isinstance(self.loss, SampleLoss):
            raise ValueError(
                'loss must give a value for each sample (a SampleLoss), got '
                f'{type(self.loss).__name__}'
            )
        self.ratio = ratio

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the loss; no samples give zero, with a gradient.

        Args:
            logits (Tensor): float ``[N, C]``.
            target (Tensor): int64 ``[N]`` or float ``[N, C]``.

        Returns:
            Tensor: float32 scalar.
        """
        with torch.autocast(logits.device.type, enabled=False):
            values, counts = self.loss.each(logits.float(), target)
            kept = self._hardest(values.detach())
            return self.loss.mean(values * kept, counts * kept)

    def _hardest(self, values: Tensor) -> Tensor:
        """Which of this process's samples are kept, bool ``[N]``."""
        rank = get_rank()
        ranks = torch.full_like(values, rank, dtype=torch.long)
        every, ranks = gather_together(values, ranks)
        # 0.7 * 10 is a little more than 7.
        count = math.ceil(round(self.ratio * len(every), 6))
        kept = torch.zeros_like(every, dtype=torch.bool)
        # Stable: in every process the same, whatever is equal.
        kept[every.argsort(descending=True, stable=True)[:count]] = True
        return kept[ranks == rank]
