"""A vision transformer for pictures of any size.

Shape letters: see :mod:`trimodal.structures.streams`; ``h, w`` pixels or
cells.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.encoders.base import BaseEncoder
from trimodal.models.encoders.torchvision_vit import load_torchvision_vit
from trimodal.models.layers import GridPositions, TransformerEncoder
from trimodal.models.layers.checks import (
    check_choice,
    check_multiple,
    check_positive,
)
from trimodal.models.layers.masking import masked_mean
from trimodal.models.layers.transformer import INIT_STD
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput, Tokens

OUTPUTS = ('all', 'patches', 'cls', 'mean')


@MODELS.register_module()
class VisionTransformer(BaseEncoder):
    """A transformer over square patches of a picture.

    From `An Image is Worth 16x16 Words <https://arxiv.org/abs/2010.11929>`_,
    with the layer scale and stochastic depth of `Going Deeper with Image
    Transformers <https://arxiv.org/abs/2103.17239>`_. A patch is real if any
    of its pixels is; padding has no influence on the others.

    Args:
        img_size (int): Height and width, in pixels, that learned positions
            belong to; other sizes stretch them. Defaults to 224.
        patch_size (int): Side of a patch, in pixels. Defaults to 16.
        in_channels (int): Channels of a picture. Defaults to 3.
        embed_dims (int): Width. Defaults to 768.
        num_layers (int): Layers. Defaults to 12.
        num_heads (int): Attention heads. Defaults to 12.
        feedforward_channels (int): Width of the feed-forward parts. Defaults
            to 3072.
        positions (str): ``'learned'`` or ``'sinusoidal'``. Defaults to
            ``'learned'``.
        cls_token (bool): Whether a learned token joins the patches, in
            front. Defaults to True.
        output (str): What the tokens are: ``'all'``, the ``'patches'``, the
            ``'cls'`` token, or the patches' ``'mean'``. Defaults to
            ``'all'``.
        dropout (float): Dropout of the embedding and of each layer. Defaults
            to 0.0.
        attention_dropout (float): Dropout of attention weights. Defaults to
            0.0.
        drop_path (float): Stochastic depth of the last layer. Defaults to
            0.0.
        layer_scale (float | None): Start of the layer scale. Defaults to
            None, no layer scale.
        weights (str | None): Name of torchvision's published weights, such as
            ``'ViT_B_16_Weights.IMAGENET1K_V1'`` (downloaded), or the path of
            a checkpoint of torchvision's ``VisionTransformer``. Defaults to
            None, random.
        with_cp (bool): Gradient checkpointing: each layer is computed again
            for its gradients, which saves memory. Defaults to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``img_size`` is no multiple of ``patch_size``,
            ``output`` is unknown, it is ``'cls'`` without a cls token, or
            ``weights`` is unknown or does not fit.
    """

    def __init__(
        self,
        img_size: int = 224,
        patch_size: int = 16,
        in_channels: int = 3,
        embed_dims: int = 768,
        num_layers: int = 12,
        num_heads: int = 12,
        feedforward_channels: int = 3072,
        positions: str = 'learned',
        cls_token: bool = True,
        output: str = 'all',
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
        weights: str | None = None,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(embed_dims, init_cfg)
        check_positive(patch_size=patch_size, in_channels=in_channels)
        check_multiple('img_size', img_size, patch_size, 'patch_size')
        check_choice('output', output, OUTPUTS)
        if output == 'cls' and not cls_token:
            raise ValueError("output='cls' needs cls_token=True, got False")
        self.patch_size = patch_size
        self.output = output
        self.patches = nn.Conv2d(
            in_channels, embed_dims, patch_size, patch_size
        )
        nn.init.trunc_normal_(self.patches.weight, std=INIT_STD)
        self.positions = GridPositions(
            positions, embed_dims, (img_size // patch_size,) * 2
        )
        self.cls_token = None
        if cls_token:
            self.cls_token = nn.Parameter(torch.empty(1, 1, embed_dims))
            nn.init.trunc_normal_(self.cls_token, std=INIT_STD)
        self.dropout = nn.Dropout(dropout)
        self.transformer = TransformerEncoder(
            num_layers,
            embed_dims,
            num_heads,
            feedforward_channels,
            dropout,
            attention_dropout,
            drop_path,
            layer_scale,
            with_cp=with_cp,
        )
        if weights is not None:
            load_torchvision_vit(self, weights)

    def forward(self, x: ModalityInput) -> Tokens:
        """Encode pictures.

        Args:
            x (ModalityInput): data float ``[B, C, h, w]``, mask bool
                ``[B, h, w]``.

        Returns:
            Tokens: The cls token, if asked for, then the patches row by row.
        """
        cells, mask = self._embed(x)
        grid = (mask.shape[1], mask.shape[2])
        cells, mask = cells.flatten(1, 2), mask.flatten(1)
        present = mask.any(1)
        if self.cls_token is not None:
            cls_token = self.cls_token.expand(len(cells), -1, -1)
            cells = torch.cat([cls_token.to(cells.dtype), cells], dim=1)
            mask = torch.cat([present.unsqueeze(1), mask], dim=1)
        cells = self.transformer(
            self.dropout(cells), None if bool(mask.all()) else mask
        )
        return self._select(cells, mask, present, grid)

    def _embed(self, x: ModalityInput) -> tuple[Tensor, Tensor]:
        """Patches with positions, float ``[B, h, w, C]``, and their mask."""
        side = self.patch_size
        height, width = x.data.shape[2:]
        padding = (0, -width % side, 0, -height % side)
        mask = F.pad(x.mask, padding)
        mask = mask.unflatten(2, (-1, side)).unflatten(1, (-1, side))
        mask = mask.any(4).any(2)
        cells = self.patches(F.pad(x.data, padding)).permute(0, 2, 3, 1)
        sizes = torch.stack([mask.any(2).sum(1), mask.any(1).sum(1)], dim=1)
        return self.positions(cells, sizes), mask

    def _select(
        self, x: Tensor, mask: Tensor, present: Tensor, grid: tuple[int, int]
    ) -> Tokens:
        grids = (grid,) if self.output in ('all', 'patches') else ()
        front = 0 if self.cls_token is None else 1
        if self.output == 'patches':
            x, mask = x[:, front:], mask[:, front:]
        elif self.output == 'cls':
            x, mask = x[:, :1], mask[:, :1]
        elif self.output == 'mean':
            x = masked_mean(x[:, front:], mask[:, front:], 1).unsqueeze(1)
            mask = present.unsqueeze(1)
        return Tokens(x, mask, present, grids).with_x(x)
