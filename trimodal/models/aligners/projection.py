"""Brings every modality to the same width.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping

from torch import nn

from trimodal.models.aligners.base import BaseAligner
from trimodal.models.layers.checks import check_positive
from trimodal.models.layers.transformer import NORM_EPS, init_transformer
from trimodal.registry import MODELS
from trimodal.structures import Tokens


@MODELS.register_module()
class ProjectionAligner(BaseAligner):
    """A linear layer of its own for each modality, to a common width.

    Args:
        in_channels (Mapping[str, int]): Channels of each modality.
        out_channels (int): Channels of all of them afterwards.
        norm (bool): Whether each step is normalised afterwards (layer
            normalisation). Defaults to True.
        dropout (float): Dropout at the end. Defaults to 0.0.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``in_channels`` is empty or a width is not positive.
    """

    def __init__(
        self,
        in_channels: Mapping[str, int],
        out_channels: int,
        norm: bool = True,
        dropout: float = 0.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if not in_channels:
            raise ValueError('in_channels must name at least one modality')
        check_positive(out_channels=out_channels, **in_channels)
        self.out_channels = out_channels
        self.projections = nn.ModuleDict(
            {
                name: nn.Sequential(
                    nn.Linear(width, out_channels),
                    nn.LayerNorm(out_channels, eps=NORM_EPS)
                    if norm
                    else nn.Identity(),
                    nn.Dropout(dropout),
                )
                for name, width in in_channels.items()
            }
        )
        self.projections.apply(init_transformer)

    def forward(self, tokens: Mapping[str, Tokens]) -> dict[str, Tokens]:
        """Project each stream.

        Args:
            tokens (Mapping[str, Tokens]): A stream per modality.

        Returns:
            dict[str, Tokens]: x float ``[B, T, out_channels]``.

        Raises:
            KeyError: If a stream belongs to no modality of ``in_channels``.
        """
        return {
            name: stream.with_x(self.projections[name](stream.x))
            for name, stream in tokens.items()
        }
