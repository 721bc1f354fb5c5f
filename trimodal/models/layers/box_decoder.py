"""The transformer decoder of a detector: boxes refined layer by layer.

Shape letters: see :mod:`trimodal.structures.streams`; Q queries, K logits of
each, D layers of the decoder.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from trimodal.models.layers.attention import MultiheadAttention
from trimodal.models.layers.boxes import box_encoding, refined
from trimodal.models.layers.checkpointing import run_layer
from trimodal.models.layers.checks import check_multiple, check_positive
from trimodal.models.layers.deformable_attention import DeformableAttention
from trimodal.models.layers.grid_cells import GridCells
from trimodal.models.layers.query_attention import QueryAttention
from trimodal.models.layers.transformer import (
    NORM_EPS,
    FeedForward,
    ResidualBranch,
    init_transformer,
)


@dataclass(frozen=True)
class Queries:
    """What a decoder starts from.

    Args:
        x (Tensor): float ``[B, Q, C]``.
        boxes (Tensor): float32 ``[B, Q, 4]``, centred and relative.
        mask (Tensor): bool ``[B, Q]``, True for real queries.
    """

    x: Tensor
    boxes: Tensor
    mask: Tensor

    def before(self, others: 'Queries') -> 'Queries':
        """These and then ``others``."""
        return Queries(
            torch.cat([self.x, others.x], dim=1),
            torch.cat([self.boxes, others.boxes], dim=1),
            torch.cat([self.mask, others.mask], dim=1),
        )


@dataclass(frozen=True)
class Surroundings:
    """What queries look at.

    Args:
        cells (Tensor): float ``[B, N, C]``, the picture.
        where (GridCells): Where the cells are.
        context (Tensor | None): float ``[B, T, C]``, what was fused. Defaults
            to None.
        context_mask (Tensor | None): bool ``[B, T]``. Defaults to None.
    """

    cells: Tensor
    where: GridCells
    context: Tensor | None = None
    context_mask: Tensor | None = None


class BoxDecoderLayer(nn.Module):
    """Queries look at each other, at the context, and at the picture.

    Args:
        embed_dims (int): Channels.
        num_heads (int): Attention heads.
        feedforward_channels (int): Width of the feed-forward part.
        num_levels (int): Grids of the pictures.
        num_points (int): Points of each head on each level.
        dropout (float): Dropout of the branches.
        context (bool): Whether there is a context to look at.
    """

    def __init__(
        self,
        embed_dims: int,
        num_heads: int,
        feedforward_channels: int,
        num_levels: int,
        num_points: int,
        dropout: float,
        context: bool,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.attention = QueryAttention(embed_dims, num_heads)
        self.norm2 = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.norm3 = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.feedforward = FeedForward(
            embed_dims, feedforward_channels, dropout
        )
        self.branch = ResidualBranch(embed_dims, dropout)
        self.context = None
        if context:
            self.context_norm = nn.LayerNorm(embed_dims, eps=NORM_EPS)
            self.context = MultiheadAttention(embed_dims, num_heads)
        self.apply(init_transformer)
        # It draws weights of its own.
        self.sampling = DeformableAttention(
            embed_dims, num_heads, num_levels, num_points
        )

    def forward(
        self,
        queries: Queries,
        positions: Tensor,
        opened: Tensor,
        around: Surroundings,
    ) -> Tensor:
        """Apply the layer.

        Args:
            queries (Queries): Content, boxes and mask.
            positions (Tensor): float ``[B, Q, C]``, the boxes' encodings.
            opened (Tensor): bool ``[B, 1, Q, Q]``, who sees whom.
            around (Surroundings): What is looked at.

        Returns:
            Tensor: float ``[B, Q, C]``.
        """
        x = queries.x
        found = self.attention(self.norm1(x), positions, opened)
        x = x + self.branch(found)
        if self.context is not None:
            found = self.context(
                self.context_norm(x), around.context, around.context_mask
            )
            x = x + self.branch(found)
        found = self.sampling(
            self.norm2(x) + positions.to(x.dtype),
            queries.boxes,
            around.cells,
            around.where,
        )
        x = x + self.branch(found)
        return x + self.feedforward(self.norm3(x))


class BoxDecoder(nn.Module):
    """Layers that each refine the boxes of the one before.

    Queries are boxes with a content, as in `DAB-DETR
    <https://arxiv.org/abs/2201.12329>`_: a query's position is the encoding
    of its box. Each layer answers; boxes go on without gradient. All layers
    answer through the same two heads, so little data teaches them well.

    Args:
        num_layers (int): Layers.
        embed_dims (int): Channels; a multiple of 8.
        num_logits (int): K.
        num_heads (int): Attention heads.
        feedforward_channels (int): Width of the feed-forward parts.
        num_levels (int): Grids of the pictures.
        num_points (int): Points of each head on each level. Defaults to 4.
        dropout (float): Dropout of the branches. Defaults to 0.0.
        context (bool): Whether queries look at a context too. Defaults to
            False.
        with_cp (bool): Gradient checkpointing: each layer is computed again
            for its gradients, which saves memory. Defaults to False.

    Raises:
        ValueError: If ``embed_dims`` is no multiple of 8, or a number is not
            positive.
    """

    def __init__(
        self,
        num_layers: int,
        embed_dims: int,
        num_logits: int,
        num_heads: int,
        feedforward_channels: int,
        num_levels: int,
        num_points: int = 4,
        dropout: float = 0.0,
        context: bool = False,
        with_cp: bool = False,
    ) -> None:
        super().__init__()
        self.with_cp = with_cp
        check_positive(
            num_layers=num_layers,
            num_logits=num_logits,
            feedforward_channels=feedforward_channels,
        )
        check_multiple('embed_dims', embed_dims, 8, 'sine and cosine, 4 times')
        self.embed_dims = embed_dims
        self.positions = FeedForward(embed_dims, embed_dims)
        self.norm = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.classify = nn.Linear(embed_dims, num_logits)
        self.refine = nn.Sequential(
            nn.Linear(embed_dims, embed_dims),
            nn.GELU(),
            nn.Linear(embed_dims, 4),
        )
        self.apply(init_transformer)
        self.layers = nn.ModuleList(
            BoxDecoderLayer(
                embed_dims,
                num_heads,
                feedforward_channels,
                num_levels,
                num_points,
                dropout,
                context,
            )
            for _ in range(num_layers)
        )

    def forward(
        self, queries: Queries, opened: Tensor, around: Surroundings
    ) -> tuple[Tensor, Tensor]:
        """Answer in every layer.

        Args:
            queries (Queries): What to start from.
            opened (Tensor): bool ``[B, 1, Q, Q]``: who sees whom.
            around (Surroundings): What is looked at.

        Returns:
            tuple[Tensor, Tensor]: Logits float32 ``[D, B, Q, K]`` and centred
            relative boxes float32 ``[D, B, Q, 4]``.
        """
        logits, boxes = [], []
        for layer in self.layers:
            code = box_encoding(queries.boxes, queries.x.shape[2] // 4)
            positions = self.positions(code.to(queries.x.dtype))
            x = run_layer(
                layer,
                queries,
                positions,
                opened,
                around,
                with_cp=self.with_cp,
            )
            answer = self.norm(x)
            logits.append(self.classify(answer).float())
            boxes.append(refined(queries.boxes, self.refine(answer)))
            queries = Queries(x, boxes[-1].detach(), queries.mask)
        return torch.stack(logits), torch.stack(boxes)
