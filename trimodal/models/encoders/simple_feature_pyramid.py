"""A feature pyramid over an encoder of one scale.

Shape letters: see :mod:`trimodal.structures.streams`; ``h, w`` cells.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.convnext import LayerNorm2d

from trimodal.models.encoders.base import BaseEncoder
from trimodal.models.layers.checks import check_multiple, check_positive
from trimodal.models.layers.transformer import NORM_EPS
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput, Tokens
from trimodal.utils import build

SCALES = (4, 2, 1, 0.5)


@MODELS.register_module()
class SimpleFeaturePyramid(BaseEncoder):
    """Several scales out of the one grid of a plain vision transformer.

    From `Exploring Plain Vision Transformer Backbones for Object Detection
    <https://arxiv.org/abs/2203.16527>`_: the grid is enlarged by transposed
    convolutions or halved by max pooling, and each level gets a 1x1 and a 3x3
    convolution, normalised. The tokens are all levels one after the other;
    their ``grids`` are the levels' sizes.

    Args:
        encoder (Mapping | nn.Module): An encoder whose tokens are of one
            grid, such as a ``VisionTransformer`` (a class token in front is
            left out), or its config.
        out_channels (int): Channels of every level. Defaults to 256.
        scales (Sequence[float]): Size of each level against the encoder's
            grid, from fine to coarse, some of 4, 2, 1 and 0.5. Defaults to
            (4, 2, 1, 0.5).
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``out_channels`` is not positive, ``scales`` are not of
            these, each once and in order, or the encoder's channels cannot be
            halved as often as they ask for.
    """

    def __init__(
        self,
        encoder: Mapping[str, Any] | nn.Module,
        out_channels: int = 256,
        scales: Sequence[float] = SCALES,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(out_channels, init_cfg)
        check_positive(out_channels=out_channels)
        if not scales or list(scales) != [s for s in SCALES if s in scales]:
            raise ValueError(
                f'scales must be some of {SCALES} in this order, got '
                f'{tuple(scales)}'
            )
        self.encoder = build(encoder, MODELS)
        width = self.encoder.out_channels
        check_multiple('encoder.out_channels', width, 4, 'it is halved twice')
        self.levels = nn.ModuleList(
            PyramidLevel(width, out_channels, scale) for scale in scales
        )

    def forward(self, x: ModalityInput) -> Tokens:
        """Encode, and make the levels.

        Args:
            x (ModalityInput): What the encoder takes.

        Returns:
            Tokens: The cells, row by row, from the finest level to the
            coarsest.

        Raises:
            ValueError: If the encoder's tokens are not of one grid.
        """
        tokens = self.encoder(x)
        if len(tokens.grids) != 1:
            raise ValueError(
                'encoder must give tokens of one grid, got those of '
                f'{len(tokens.grids)}'
            )
        height, width = tokens.grids[0]
        cells = tokens.x[:, -height * width :].transpose(1, 2)
        mask = tokens.mask[:, None, -height * width :]
        parts = [
            level(
                cells.unflatten(2, (height, width)),
                mask.unflatten(2, (height, width)),
            )
            for level in self.levels
        ]
        out = torch.cat([grid.flatten(2) for grid, _ in parts], dim=2)
        real = torch.cat([real.flatten(1) for _, real in parts], dim=1)
        grids = tuple((real.shape[2], real.shape[3]) for _, real in parts)
        out = out.transpose(1, 2)
        return Tokens(out, real, tokens.present, grids).with_x(out)


class PyramidLevel(nn.Module):
    """One level: resize, and two convolutions.

    Args:
        in_channels (int): Channels of the grid.
        out_channels (int): Channels of the level.
        scale (float): Size of the level against the grid's.
    """

    def __init__(
        self, in_channels: int, out_channels: int, scale: float
    ) -> None:
        super().__init__()
        self.scale = scale
        half, quarter = in_channels // 2, in_channels // 4
        self.enlarge = nn.Sequential()
        if scale > 1:
            self.enlarge.append(nn.ConvTranspose2d(in_channels, half, 2, 2))
        if scale > 2:
            self.enlarge.extend(
                [
                    LayerNorm2d(half, eps=NORM_EPS),
                    nn.GELU(),
                    nn.ConvTranspose2d(half, quarter, 2, 2),
                ]
            )
        width = in_channels
        if scale > 1:
            width = half if scale == 2 else quarter
        self.reduce = nn.Sequential(
            nn.Conv2d(width, out_channels, 1, bias=False),
            LayerNorm2d(out_channels, eps=NORM_EPS),
        )
        self.smooth = nn.Sequential(
            nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
            LayerNorm2d(out_channels, eps=NORM_EPS),
        )

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Make the level; padding counts as the picture's border.

        Args:
            x (Tensor): float ``[B, C, h, w]``.
            mask (Tensor): bool ``[B, 1, h, w]``, True for real cells.

        Returns:
            tuple[Tensor, Tensor]: float ``[B, C', h', w']``, without meaning
            where masked, and bool ``[B, 1, h', w']``.
        """
        if self.scale < 1:
            # A cell is real if any of its four is.
            low = torch.finfo(x.dtype).min
            x = F.max_pool2d(x.masked_fill(~mask, low), 2, ceil_mode=True)
            mask = F.max_pool2d(mask.float(), 2, ceil_mode=True) > 0
            x = x.masked_fill(~mask, 0)
        elif self.scale > 1:
            mask = F.interpolate(mask.float(), scale_factor=self.scale) > 0
        x = self.reduce(self.enlarge(x)).masked_fill(~mask, 0)
        return self.smooth(x), mask
