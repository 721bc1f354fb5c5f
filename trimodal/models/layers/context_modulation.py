"""A whole sample's context works on each of its steps.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.layers.checks import check_positive
from trimodal.models.layers.transformer import NORM_EPS


class ContextModulation(nn.Module):
    """A residual layer whose inside is scaled and shifted by a context.

    The modulation of `FiLM <https://arxiv.org/abs/1709.07871>`_, by channel,
    before the nonlinearity: what one context brings out, another hides. From
    the start the context, of unit scale, counts as much as the steps: with a
    transformer's small weights, what it asks for is learned much later.

    Args:
        embed_dims (int): Channels of steps.
        context_channels (int): Channels of the context.

    Raises:
        ValueError: If a number is not positive.
    """

    def __init__(self, embed_dims: int, context_channels: int) -> None:
        super().__init__()
        check_positive(
            embed_dims=embed_dims, context_channels=context_channels
        )
        self.norm = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.inner = nn.Linear(embed_dims, embed_dims)
        self.modulation = nn.Linear(context_channels, 2 * embed_dims)
        self.outer = nn.Linear(embed_dims, embed_dims)
        for layer in (self.inner, self.modulation, self.outer):
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """Modulate.

        Args:
            x (Tensor): float ``[B, T, C]``.
            context (Tensor): float ``[B, D]``.

        Returns:
            Tensor: float ``[B, T, C]``.
        """
        scale, shift = self.modulation(context).unsqueeze(1).chunk(2, dim=2)
        inner = self.inner(self.norm(x)) * (1 + scale) + shift
        return x + self.outer(F.gelu(inner))
