"""Any encoder, asked for one vector.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Mapping
from typing import Any

from torch import nn

from trimodal.models.encoders.base import BaseEncoder
from trimodal.models.layers import MaskedPooling
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput, Tokens
from trimodal.utils import build


@MODELS.register_module()
class PooledEncoder(BaseEncoder):
    """An encoder whose sequence becomes a single step.

    Args:
        encoder (Mapping | nn.Module): An encoder of any modality, or its
            config.
        pooling (str | Mapping | nn.Module): A mode of
            :class:`~trimodal.models.layers.MaskedPooling` (``'mean'``,
            ``'max'``, ``'cls'`` or ``'attention'``), or a module like it or
            its config: from ``x`` and ``mask`` to float ``[B, C]``. Defaults
            to ``'mean'``.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``encoder`` has no ``out_channels``, or ``pooling`` is
            an unknown mode.

    Examples:
        >>> vit = dict(type='VisionTransformer', num_layers=1)
        >>> PooledEncoder(vit, pooling='cls').out_channels
        768
    """

    def __init__(
        self,
        encoder: Mapping[str, Any] | nn.Module,
        pooling: str | Mapping[str, Any] | nn.Module = 'mean',
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        built = build(encoder, MODELS)
        channels = getattr(built, 'out_channels', None)
        if not isinstance(channels, int):
            raise ValueError(
                'encoder must be an encoder with out_channels, or its config, '
                f'got {built!r}'
            )
        super().__init__(channels, init_cfg)
        self.encoder: nn.Module = built
        if isinstance(pooling, str):
            self.pooling: nn.Module = MaskedPooling(pooling, channels)
        else:
            self.pooling = build(pooling, MODELS)

    def forward(self, x: ModalityInput) -> Tokens:
        """Encode and pool.

        Args:
            x (ModalityInput): What the encoder takes.

        Returns:
            Tokens: x float ``[B, 1, C]``.
        """
        tokens = self.encoder(x)
        pooled = self.pooling(tokens.x, tokens.mask).unsqueeze(1)
        # A sample may be there and yet have no real step.
        mask = tokens.mask.any(1, keepdim=True)
        return Tokens(pooled, mask, tokens.present).with_x(pooled)
