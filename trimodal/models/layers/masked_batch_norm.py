"""Batch normalisation that neither padding nor several processes change.

Shape letters: see :mod:`trimodal.structures.streams`; F features of a step.
"""

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce

from trimodal.models.layers.checkpointing import recomputing


# Not a _BatchNorm: SyncBatchNorm.convert_sync_batchnorm would replace it by
# one that takes no mask. As an _InstanceNorm it is still a norm to mmengine,
# which spares norms the weight decay.
class MaskedBatchNorm(nn.modules.instancenorm._InstanceNorm):
    """Batch normalisation over the real steps of padded sequences.

    From `Batch Normalization <https://arxiv.org/abs/1502.03167>`_. In training
    the statistics are those of all real steps of all processes together, so
    several with a batch each take the same step as one with all of it. Where
    nothing is real, nothing changes.

    Args:
        num_features (int): Channels.
        eps (float): Added to the variance. Defaults to 1e-5.
        momentum (float | None): Weight of a batch in the running statistics;
            None for the plain mean over all batches. Defaults to 0.1.
    """

    momentum: float | None  # type: ignore[assignment]
    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
    ) -> None:
        super().__init__(
            num_features,
            eps,
            momentum,  # type: ignore[arg-type]
            affine=True,
            track_running_stats=True,
        )

    def forward(  # type: ignore[override]
        self, x: Tensor, mask: Tensor
    ) -> Tensor:
        """Normalise.

        Args:
            x (Tensor): float ``[B, T, F, C]``.
            mask (Tensor): bool ``[B, T]``, True for real steps.

        Returns:
            Tensor: float ``[B, T, F, C]``; masked steps hold no meaning.
        """
        if self.training:
            mean, variance = self._statistics(x, mask)
        else:
            mean, variance = self.running_mean, self.running_var
        scale = self.weight * (variance + self.eps).rsqrt()
        return x * scale.to(x.dtype) + (self.bias - mean * scale).to(x.dtype)

    def _statistics(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance of each channel, and their running averages."""
        real = x.float().masked_fill(~mask[:, :, None, None], 0)
        count = mask.sum().mul(x.shape[2]).float().view(1)
        sums = torch.cat(
            [real.sum((0, 1, 2)), real.square().sum((0, 1, 2)), count]
        )
        if dist.is_available() and dist.is_initialized():
            sums = all_reduce(sums)
        total, squares, count = sums.split([self.num_features] * 2 + [1])
        count = count.detach()
        mean = total / count.clamp(min=1)
        variance = (squares / count.clamp(min=1) - mean.square()).clamp(min=0)
        if not recomputing():
            self._remember(mean.detach(), variance.detach(), count)
        return mean, variance

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        # A batch without any real step weighs nothing.
        counted = count > 0
        self.num_batches_tracked += counted.squeeze()
        batches = self.num_batches_tracked.clamp(min=1)
        share = 1 / batches if self.momentum is None else self.momentum
        weight = share * counted
        unbiased = variance * count / (count - 1).clamp(min=1)
        self.running_mean.lerp_(mean, weight)
        self.running_var.lerp_(unbiased, weight)
