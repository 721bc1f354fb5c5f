"""Fusion by products of modalities, with a weight of low rank.

Shape letters: see :mod:`trimodal.structures.streams`; R the rank.
"""

from collections.abc import Mapping, Sequence
from functools import reduce

import torch
from torch import Tensor, nn

from trimodal.models.fusions.product import ProductFusion
from trimodal.models.layers.checks import check_positive
from trimodal.registry import MODELS


@MODELS.register_module()
class LowRankFusion(ProductFusion):
    """Tensor fusion whose weight is a sum of outer products of factors.

    From `Efficient Low-rank Multimodal Fusion with Modality-Specific Factors
    <https://arxiv.org/abs/1806.00064>`_ (LMF)::

        f = sum over r of (W_1^r [h_1; 1]) * ... * (W_M^r [h_M; 1]) + b

    with entry-wise products. This is :class:`TensorFusion` with a weight of
    ``sum over r of W_1^r x ... x W_M^r``, but the tensor is never made: the
    cost grows with the number of modalities, not exponentially. Weights and
    absent modalities are treated as there. The columns of the 1 start at one,
    so that the terms of single modalities, of pairs and of all are there from
    the start.

    Args:
        modalities (Sequence[str]): The modalities, in the order of the
            weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Channels of the result.
        hidden_channels (int): Channels of each modality's vector ``h_m``.
            Defaults to 64.
        rank (int): Outer products in the sum. Defaults to 4.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the steps. Defaults to ``'mean'``.
        dropout (float): Dropout of the vectors. Defaults to 0.0.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``hidden_channels`` or ``rank`` is not positive,
            ``dropout`` lies outside [0, 1], or ``pooling`` is unknown.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        hidden_channels: int = 64,
        rank: int = 4,
        pooling: str = 'mean',
        dropout: float = 0.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(
            modalities,
            in_channels,
            out_channels,
            hidden_channels,
            pooling,
            dropout,
            init_cfg,
        )
        check_positive(rank=rank)
        self.rank = rank
        self.factors = nn.ModuleDict(
            {
                name: nn.Linear(
                    hidden_channels, rank * out_channels, bias=False
                )
                for name in self.modalities
            }
        )
        # What the factors have for the 1 in [h; 1].
        self.constants = nn.Parameter(
            torch.ones(len(self.modalities), rank * out_channels)
        )
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def interact(self, vectors: Tensor) -> Tensor:
        """The sum over ranks of the products, float ``[B, C]``."""
        return self._combine(self._apply_factors(vectors))

    def without(self, vectors: Tensor) -> Tensor:
        """The same with each vector in turn at zero, ``[B, M, C]``."""
        factors = self._apply_factors(vectors)
        parts = []
        for index, alone in enumerate(self.constants):
            others = factors[:index] + factors[index + 1 :]
            parts.append(self._combine([alone.expand_as(factors[0]), *others]))
        return torch.stack(parts, dim=1)

    def _apply_factors(self, vectors: Tensor) -> list[Tensor]:
        """``W_m^r [h_m; 1]`` of each modality, float ``[B, R * C]``."""
        # Added outside of the linear layer: reduced precision would lose
        # small products beside a 1.
        return [
            self.factors[name](vectors[:, index]) + self.constants[index]
            for index, name in enumerate(self.modalities)
        ]

    def _combine(self, factors: Sequence[Tensor]) -> Tensor:
        products = reduce(torch.mul, factors)
        return products.unflatten(1, (self.rank, -1)).sum(1) + self.bias
