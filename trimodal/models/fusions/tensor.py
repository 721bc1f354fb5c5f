"""Fusion by the outer product of all modalities.

Shape letters: see :mod:`trimodal.structures.streams`; D channels of the
vectors that are multiplied.
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.fusions.product import ProductFusion
from trimodal.registry import MODELS


def fusion_tensor(vectors: Tensor) -> Tensor:
    """The outer product of ``[h_m; 1]`` over all modalities.

    Args:
        vectors (Tensor): float ``[B, M, D]``.

    Returns:
        Tensor: float ``[B, D + 1, ..., D + 1]``, a dimension for each
        modality. Where an index is ``D``, its modality takes no part, so
        the products of every subset of modalities are in it, and a 1.
    """
    padded = F.pad(vectors, (0, 1), value=1.0)
    product = padded[:, 0]
    for factor in padded.unbind(1)[1:]:
        shape = len(factor), *[1] * (product.dim() - 1), -1
        product = product.unsqueeze(-1) * factor.view(shape)
    return product


@MODELS.register_module()
class TensorFusion(ProductFusion):
    """A linear layer over the products of the modalities' vectors.

    From `Tensor Fusion Network for Multimodal Sentiment Analysis
    <https://arxiv.org/abs/1707.07250>`_ (TFN)::

        Z = [h_1; 1] x [h_2; 1] x ... x [h_M; 1]
        f = W Z + b

    ``Z`` has ``(hidden_channels + 1) ** M`` entries: the products of one
    entry of each modality, of every pair, and each alone. A modality's
    weight is the share of ``|f - f(h_m = 0)|``.

    The paper knows no absent modality. Here a learned vector stands in the
    place of its ``h_m``: with ``h_m = 0`` the terms of the others alone
    would be left, which is what a present vector of zeros says.

    Args:
        modalities (Sequence[str]): The modalities, in the order of the
            weights.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.
        out_channels (int): Channels of the result.
        hidden_channels (int): Channels of each modality's vector ``h_m``.
            Defaults to 16.
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
        hidden_channels: int = 16,
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
        size = (hidden_channels + 1) ** len(self.modalities)
        self.output = nn.Linear(size, out_channels)

    def interact(self, vectors: Tensor) -> Tensor:
        """``W Z + b``, float ``[B, C]``."""
        return self.output(fusion_tensor(vectors).flatten(1))

    def without(self, vectors: Tensor) -> Tensor:
        """``W Z + b`` with each vector in turn at zero, ``[B, M, C]``."""
        tensor = fusion_tensor(vectors)
        weight = self.output.weight.view(-1, *tensor.shape[1:])
        parts = [
            # With h_m = 0 only the entries with its 1 are left.
            F.linear(
                tensor.select(index, -1).flatten(1),
                weight.select(index, -1).flatten(1),
                self.output.bias,
            )
            for index in range(1, tensor.dim())
        ]
        return torch.stack(parts, dim=1)
