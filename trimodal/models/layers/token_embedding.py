"""Tokens of a vocabulary as vectors, and vectors as logits of tokens.

Shape letters: see :mod:`trimodal.structures.streams`; V tokens.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.layers.checks import check_positive
from trimodal.models.layers.transformer import init_transformer


class TokenEmbedding(nn.Module):
    """What goes into a decoder of tokens, and what comes out of it.

    With one table for both ways (`Using the Output Embedding to Improve
    Language Models <https://arxiv.org/abs/1608.05859>`_), or one each. What
    goes in is scaled by the square root of its channels, as in `Attention Is
    All You Need <https://arxiv.org/abs/1706.03762>`_.

    Args:
        num_tokens (int): Tokens, V.
        embed_dims (int): Channels.
        tied (bool): Whether one table serves both. Defaults to False.

    Raises:
        ValueError: If a number is not positive.
    """

    def __init__(
        self, num_tokens: int, embed_dims: int, tied: bool = False
    ) -> None:
        super().__init__()
        check_positive(num_tokens=num_tokens, embed_dims=embed_dims)
        self.scale = math.sqrt(embed_dims)
        self.table = nn.Parameter(torch.empty(num_tokens, embed_dims))
        nn.init.normal_(self.table, std=1 / self.scale)
        self.output = None if tied else nn.Linear(embed_dims, num_tokens)
        self.bias = nn.Parameter(torch.zeros(num_tokens)) if tied else None
        self.apply(init_transformer)

    def forward(self, tokens: Tensor) -> Tensor:
        """Vectors, float ``[..., C]``, of tokens, int64 ``[...]``."""
        return F.embedding(tokens, self.table) * self.scale

    def logits(self, x: Tensor) -> Tensor:
        """Logits, float ``[..., V]``, of vectors, float ``[..., C]``."""
        if self.output is None:
            return F.linear(x, self.table, self.bias)
        return self.output(x)
