"""The network of the detection head, without its losses.

Shape letters: see :mod:`trimodal.structures.streams`; N cells, Q queries, D
layers of the decoder, K logits of a query.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from trimodal.models.layers.box_decoder import (
    BoxDecoder,
    Queries,
    Surroundings,
)
from trimodal.models.layers.box_denoising import NoisyQueries, who_sees_whom
from trimodal.models.layers.box_targets import BoxTargets
from trimodal.models.layers.cell_projection import CellProjection
from trimodal.models.layers.dense_boxes import Dense
from trimodal.models.layers.grid_cells import GridCells
from trimodal.models.layers.learned_queries import LearnedQueries
from trimodal.models.layers.masking import connect_tensors
from trimodal.models.layers.transformer import init_transformer
from trimodal.registry import MODELS
from trimodal.structures import Fused, Tokens
from trimodal.utils import build


@dataclass(frozen=True)
class Answers:
    """What the network gives.

    Args:
        logits (Tensor): float32 ``[D, B, Q, K]``.
        boxes (Tensor): float32 ``[D, B, Q, 4]``, centred and relative.
        queries (Tensor): bool ``[B, Q]``, real queries.
        where (GridCells): Where the cells are.
        dense (Dense | None): What each cell answers.
        noisy (NoisyQueries | None): The queries with noise, which come first;
            None where there are none to be made.
    """

    logits: Tensor
    boxes: Tensor
    queries: Tensor
    where: GridCells
    dense: Dense | None
    noisy: NoisyQueries | None


class DETRNetwork(nn.Module):
    """From cells and what was fused to classes and boxes.

    Args:
        in_channels (int): Channels of what was fused.
        stream_channels (int): Channels of the picture stream.
        num_levels (int): Its grids.
        num_classes (int): Classes.
        num_queries (int): Queries.
        decoder (BoxDecoder): The decoder, whose channels are those inside.
        context (str | None): What of the fused is used; see
            :class:`~trimodal.models.DETRHead`.
        dense (Mapping | nn.Module | None): The dense branch or its config.
        denoising (Mapping | nn.Module | None): Makes noisy queries, or its
            config.
    """

    def __init__(
        self,
        in_channels: int,
        stream_channels: int,
        num_levels: int,
        num_classes: int,
        num_queries: int,
        decoder: BoxDecoder,
        context: str | None,
        dense: Mapping | nn.Module | None,
        denoising: Mapping | nn.Module | None,
    ) -> None:
        super().__init__()
        width = decoder.embed_dims
        self.num_queries = num_queries
        self.context = context
        self.cells = CellProjection(
            stream_channels,
            width,
            num_levels,
            None if context is None else in_channels,
        )
        sizes = {'embed_dims': width, 'num_classes': num_classes}
        self.dense = build(dense, MODELS, **sizes)
        self.denoising = build(denoising, MODELS, **sizes)
        if self.dense is None:
            self.start: nn.Module = LearnedQueries(num_queries, width)
        else:
            self.start = nn.Linear(width, width).apply(init_transformer)
        self.tokens = None
        if context == 'tokens':
            self.tokens = nn.Linear(in_channels, width)
            self.tokens.apply(init_transformer)
        self.decoder = decoder

    def forward(
        self, fused: Fused, stream: Tokens, targets: BoxTargets | None = None
    ) -> Answers:
        """Run the network.

        Args:
            fused (Fused): What was fused.
            stream (Tokens): The picture stream.
            targets (BoxTargets | None): True boxes, for noisy queries beside
                the others. Defaults to None.

        Returns:
            Answers: Of all layers.
        """
        pooled = None if self.context is None else fused.pooled
        cells, where = self.cells(stream, pooled)
        # What is not looked at stays in the graph, for other processes.
        cells = connect_tensors(cells, fused.pooled, fused.tokens)
        dense = None if self.dense is None else self.dense(cells, where)
        queries = self._start(where, dense)
        noisy = None
        if self.denoising is not None and targets is not None:
            noisy = self.denoising(targets)
        real = queries.mask
        groups = real.new_full(real.shape[1:], -1, dtype=torch.int64)
        if noisy is not None:
            groups = torch.cat([noisy.groups, groups])
            queries = noisy.queries.before(queries)
        context = None if self.tokens is None else self.tokens(fused.tokens)
        around = Surroundings(cells, where, context, fused.mask)
        opened = who_sees_whom(groups, queries.mask)
        logits, boxes = self.decoder(queries, opened, around)
        return Answers(logits, boxes, real, where, dense, noisy)

    def _start(self, where: GridCells, dense: Dense | None) -> Queries:
        if dense is None:
            return self.start(where.mask.any(1))
        index = self.dense.best(dense, where, self.num_queries)

        def pick(x: Tensor) -> Tensor:
            wide = index.unsqueeze(2).expand(-1, -1, x.shape[2])
            return x.gather(1, wide)

        return Queries(
            self.start(pick(dense.x)),
            pick(dense.boxes).detach(),
            where.mask.gather(1, index),
        )
