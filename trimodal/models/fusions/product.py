"""What fusions by products of whole vectors share.

Shape letters: see :mod:`trimodal.structures.streams`; D channels of the
vectors that are multiplied.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from trimodal.models.fusions.base import norm_shares
from trimodal.models.fusions.pooled import Combined, PooledFusion
from trimodal.models.layers import (
    VectorMap,
    learned_vectors,
)
from trimodal.models.layers.checks import check_positive, check_probability
from trimodal.models.layers.transformer import NORM_EPS


class ProductFusion(PooledFusion):
    """A polynomial of one vector a modality, linear in each of them.

    ::

        combine(pooled, present) ── reduce ──> vectors [B, M, D]
            interact(vectors) > normalise > pooled
            without(vectors) > what each modality changes > weights

    A modality's weight is the share of ``|f - f(h_m = 0)|``: how far all
    terms that it takes part in move the result. Where it is absent, a
    learned vector stands in the place of ``h_m``: with 0 the terms of the
    others alone would be left, which is what a present vector of zeros
    says.

    Args:
        modalities (Sequence[str]): The modalities, in the order of the
            weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Channels of the result.
        hidden_channels (int): Channels of each modality's vector.
        pooling (str): ``'mean'``, ``'max'``, ``'cls'`` or ``'attention'``
            over the steps. Defaults to ``'mean'``.
        dropout (float): Dropout of the vectors. Defaults to 0.0.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``hidden_channels`` is not positive, ``dropout`` lies
            outside [0, 1], or ``pooling`` is unknown.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        in_channels: int | Mapping[str, int],
        out_channels: int,
        hidden_channels: int,
        pooling: str = 'mean',
        dropout: float = 0.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(
            modalities, in_channels, out_channels, pooling, init_cfg
        )
        check_positive(hidden_channels=hidden_channels)
        check_probability(dropout=dropout)
        # Torch's own initialisation: products of the small numbers that
        # transformers start from would be nothing beside single factors.
        self.reductions = VectorMap(
            {
                name: nn.Linear(out_channels, hidden_channels)
                for name in self.modalities
            }
        )
        self.absent = learned_vectors(len(self.modalities), hidden_channels)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(out_channels, eps=NORM_EPS)

    def combine(self, pooled: Tensor, present: Tensor) -> Combined:
        """Reduce, multiply.

        Args:
            pooled (Tensor): float ``[B, M, C]``.
            present (Tensor): bool ``[B, M]``.

        Returns:
            Combined: The vector and the weights.
        """
        vectors = self._reduce(pooled, present)
        whole = self.interact(vectors)
        with torch.no_grad():
            changes = whole.unsqueeze(1) - self.without(vectors)
        return Combined(self.norm(whole), norm_shares(changes, present))

    def _reduce(self, pooled: Tensor, present: Tensor) -> Tensor:
        """The vectors that are multiplied, float ``[B, M, D]``."""
        vectors = self.reductions(pooled)
        return self.dropout(
            torch.where(present.unsqueeze(2), vectors, self.absent)
        )

    @abstractmethod
    def interact(self, vectors: Tensor) -> Tensor:
        """The polynomial ``f``.

        Args:
            vectors (Tensor): float ``[B, M, D]``.

        Returns:
            Tensor: float ``[B, C]``.
        """

    @abstractmethod
    def without(self, vectors: Tensor) -> Tensor:
        """The polynomial with one vector set to zero, for each in turn.

        Args:
            vectors (Tensor): float ``[B, M, D]``.

        Returns:
            Tensor: float ``[B, M, C]``.
        """
