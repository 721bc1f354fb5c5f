"""Queries of a detector that are learned as they are.

Shape letters: see :mod:`trimodal.structures.streams`; Q queries.
"""

import math

import torch
from torch import Tensor, nn

from trimodal.models.layers.box_decoder import Queries
from trimodal.models.layers.checks import check_positive
from trimodal.models.layers.transformer import INIT_STD

SIZE = 0.2


class LearnedQueries(nn.Module):
    """A content and an anchor box for each query.

    From `DAB-DETR <https://arxiv.org/abs/2201.12329>`_. Anchors begin as a
    grid over the picture.

    Args:
        num_queries (int): Q.
        embed_dims (int): Channels.

    Raises:
        ValueError: If a number is not positive.
    """

    def __init__(self, num_queries: int, embed_dims: int) -> None:
        super().__init__()
        check_positive(num_queries=num_queries, embed_dims=embed_dims)
        self.content = nn.Parameter(torch.empty(num_queries, embed_dims))
        nn.init.trunc_normal_(self.content, std=INIT_STD)
        side = math.ceil(math.sqrt(num_queries))
        steps = (torch.arange(side) + 0.5) / side
        centres = torch.cartesian_prod(steps, steps)[:num_queries]
        sizes = torch.full_like(centres, SIZE)
        self.anchors = nn.Parameter(torch.cat([centres, sizes], dim=1))

    def forward(self, present: Tensor) -> Queries:
        """The queries of a batch.

        Args:
            present (Tensor): bool ``[B]``: samples with a picture.

        Returns:
            Queries: The same for every sample.
        """
        rows = len(present)
        return Queries(
            self.content.expand(rows, -1, -1),
            self.anchors.float().expand(rows, -1, -1),
            present.unsqueeze(1).expand(-1, len(self.anchors)),
        )
