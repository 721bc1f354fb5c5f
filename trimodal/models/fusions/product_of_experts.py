"""Fusion by a product of Gaussian experts.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from trimodal.models.fusions.base import shares
from trimodal.models.fusions.pooled import Combined, PooledFusion
from trimodal.models.layers import (
    VectorMap,
    init_transformer,
)
from trimodal.models.layers.checks import check_not_negative
from trimodal.registry import MODELS

# Beyond this a precision would leave the range of what is sensible.
MAX_LOG = 10.0


@MODELS.register_module()
class ProductOfExpertsFusion(PooledFusion):
    r"""Each modality says a Gaussian; they and a prior are multiplied.

    The encoder of `Multimodal Generative Models for Scalable
    Weakly-Supervised Learning <https://arxiv.org/abs/1802.05335>`_ (MVAE):
    from its pooled vector, each modality tells a mean :math:`\mu_m` and a
    precision :math:`\tau_m` for every channel. The product of the present
    ones and of the prior :math:`N(0, 1)` is a Gaussian with

    .. math::

        \tau = 1 + \sum_m \tau_m, \quad
        \mu = \frac{1}{\tau} \sum_m \tau_m \mu_m

    so that an absent modality is a factor that is not there, and without any
    the prior remains. The result is :math:`\mu`, or in training, if asked
    for, a sample. The weights are the modalities' shares of the precision,
    the prior left out, averaged over the channels; they only tell.

    Args:
        modalities (Sequence[str]): The modalities, in the order of the
            weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Channels of the result.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the steps. Defaults to ``'mean'``.
        sample (bool): Whether training draws from the product, instead of
            taking its mean. Defaults to False.
        kl_weight (float): Weight of ``loss_kl`` in the fusion's losses, the
            divergence of the product from the prior: a sum over the channels
            and a mean over this process's batch. 0 leaves it out. Defaults to
            0.0.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``pooling`` is none of these or ``kl_weight`` is
            negative.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        pooling: str = 'mean',
        sample: bool = False,
        kl_weight: float = 0.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(
            modalities, in_channels, out_channels, pooling, init_cfg
        )
        check_not_negative(kl_weight=kl_weight)
        self.sample = sample
        self.kl_weight = kl_weight
        self.experts = VectorMap(
            {
                name: nn.Linear(out_channels, 2 * out_channels)
                for name in self.modalities
            }
        )
        self.apply(init_transformer)

    def combine(self, pooled: Tensor, present: Tensor) -> Combined:
        """Multiply the experts.

        Args:
            pooled (Tensor): float ``[B, M, C]``.
            present (Tensor): bool ``[B, M]``.

        Returns:
            Combined: The vector, the weights and ``loss_kl``.
        """
        means, precisions = self._experts(pooled, present)
        precision = 1 + precisions.sum(1)
        mean = (precisions * means).sum(1) / precision
        whole = mean
        if self.sample and self.training:
            whole = mean + torch.randn_like(mean) * precision.rsqrt()
        losses = {}
        if self.kl_weight > 0:
            kl = (mean.square() + 1 / precision - 1 + precision.log()) / 2
            losses['loss_kl'] = self.kl_weight * kl.sum(1).mean()
        weights = _shares_of_precision(precisions.detach(), present)
        return Combined(whole, weights, losses)

    def _experts(
        self, pooled: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Means and precisions, float32 ``[B, M, C]``; 0 if absent."""
        means, logs = self.experts(pooled).float().chunk(2, dim=2)
        precisions = logs.clamp(-MAX_LOG, MAX_LOG).exp()
        return means, precisions.masked_fill(~present.unsqueeze(2), 0)


def _shares_of_precision(precisions: Tensor, present: Tensor) -> Tensor:
    """The mean over channels of each one's share, float ``[B, M]``."""
    total = precisions.sum(1, keepdim=True)
    each = precisions / total.masked_fill(total == 0, 1)
    # The shares of a row sum to 1 but for rounding.
    return shares(each.mean(2), present)
