"""Modalities shall not all say the same.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import torch
from torch import Tensor

from trimodal.models.layers import masked_mean
from trimodal.models.layers.checks import check_positive
from trimodal.models.layers.gathering import gather_together
from trimodal.models.objectives.base import BaseObjective, Samples
from trimodal.registry import MODELS
from trimodal.structures import Fused, Tokens

LEAST = 4


@MODELS.register_module()
class DiversityLoss(BaseObjective):
    """Pushes the representations of the modalities apart.

    The aim is that of the difference loss of `Domain Separation Networks
    <https://arxiv.org/abs/1608.06019>`_ and `MISA
    <https://arxiv.org/abs/2005.03545>`_. Their squared Frobenius norm of the
    cross-covariance grows with scale, width and batch; here it is linear
    `centered kernel alignment <https://arxiv.org/abs/1905.00414>`_ with the
    unbiased estimator of HSIC, as in `Do Wide and Deep Networks Learn the
    Same Things? <https://arxiv.org/abs/2010.15327>`_: 1 for streams that are
    equal up to a rotation and a scale, 0 on average for independent ones,
    however wide they are and however few samples there are; streams may
    differ in width.

    Computed on the streams' means over time, for each pair of modalities over
    the samples of all processes that have both, which must be at least 4.
    ``loss_diversity`` is the mean over pairs (where the estimate is negative,
    0), and ``similarity_<modality>_<modality>`` each pair's estimate.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 0.1.
        modalities (Sequence[str] | None): Which modalities to push apart.
            Defaults to None, all.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``loss_weight`` is not positive, or ``modalities``
            names fewer than two, or one twice.
    """

    def __init__(
        self,
        loss_weight: float = 0.1,
        modalities: Sequence[str] | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        check_positive(loss_weight=loss_weight)
        if modalities is not None and not (
            len(modalities) == len(set(modalities)) > 1
        ):
            raise ValueError(
                f'modalities must be two or more, each once, got '
                f'{tuple(modalities)}'
            )
        self.loss_weight = loss_weight
        self.modalities = modalities

    def loss(
        self,
        streams: Mapping[str, Tokens],
        fused: Fused,
        data_samples: Samples,
    ) -> dict[str, Tensor]:
        """Compute the loss, and each pair's similarity.

        Args:
            streams (Mapping[str, Tokens]): What the fusion was given.
            fused (Fused): What was fused; changes nothing.
            data_samples (Sequence[TriModalDataSample]): Change nothing.

        Returns:
            dict[str, Tensor]: The loss and statistics.

        Raises:
            ValueError: If one of ``modalities`` is not among the streams, or
                there is one stream only.
        """
        names = tuple(streams) if self.modalities is None else self.modalities
        if len(names) < 2:
            raise ValueError(
                f'modalities must be two or more, got the streams {names}'
            )
        missing = [name for name in names if name not in streams]
        if missing:
            raise ValueError(
                f'modalities must be some of {sorted(streams)}, got {missing}'
            )
        chosen = [streams[name] for name in names]
        gathered = gather_together(
            *(masked_mean(s.x.float(), s.mask, 1) for s in chosen),
            *(s.present for s in chosen),
        )
        pooled = dict(zip(names, gathered[: len(names)], strict=True))
        present = dict(zip(names, gathered[len(names) :], strict=True))
        # bfloat16 has too few digits for a difference of large sums.
        with torch.autocast(pooled[names[0]].device.type, enabled=False):
            found = {
                f'{a}_{b}': similarity(
                    pooled[a], pooled[b], present[a] & present[b]
                )
                for a, b in combinations(names, 2)
            }
        total = torch.stack(list(found.values())).clamp(min=0).mean()
        statistics = {f'similarity_{k}': v.detach() for k, v in found.items()}
        return {'loss_diversity': self.loss_weight * total, **statistics}


def similarity(x: Tensor, y: Tensor, mask: Tensor) -> Tensor:
    """Linear centered kernel alignment, each HSIC by its unbiased estimator.

    Args:
        x (Tensor): float ``[N, C]``.
        y (Tensor): float ``[N, D]``.
        mask (Tensor): bool ``[N]``, the rows that count.

    Returns:
        Tensor: Scalar, at most 1; 0, with a gradient of 0, where fewer than
        4 rows count or they are all alike.
    """
    count = mask.sum().to(x.dtype)
    k, m = _kernel(x, mask), _kernel(y, mask)
    cross, own_x = _hsic(k, m, count), _hsic(k, k, count)
    own_y = _hsic(m, m, count)
    tiny = torch.finfo(x.dtype).eps
    valid = (count >= LEAST) & (own_x > tiny) & (own_y > tiny)
    ones = torch.ones_like(own_x)
    scale = torch.where(valid, own_x, ones) * torch.where(valid, own_y, ones)
    return torch.where(valid, cross, 0 * cross) / scale.sqrt()


def _kernel(x: Tensor, mask: Tensor) -> Tensor:
    """Inner products of the rows that count, float ``[N, N]``, scaled."""
    # The estimator does not change with the centre, but its rounding does.
    kept = mask.unsqueeze(1)
    mean = masked_mean(x.unsqueeze(0), mask.unsqueeze(0), 1)
    x = (x - mean).masked_fill(~kept, 0)
    size = x.square().sum() / mask.sum().clamp(min=1)
    x = x / size.clamp(min=torch.finfo(x.dtype).tiny).sqrt()
    return (x @ x.T).fill_diagonal_(0)


def _hsic(k: Tensor, m: Tensor, count: Tensor) -> Tensor:
    """The unbiased estimator of Song et al. (2012), times n (n - 3)."""
    n = count.clamp(min=LEAST)
    rows_k, rows_m = k.sum(1), m.sum(1)
    product = (k * m).sum()
    sums = rows_k.sum() * rows_m.sum() / ((n - 1) * (n - 2))
    return product + sums - 2 * (rows_k * rows_m).sum() / (n - 2)
