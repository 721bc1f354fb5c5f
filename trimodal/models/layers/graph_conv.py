"""Graph convolution over the joints of a skeleton."""

import torch
from torch import Tensor, nn

from trimodal.models.layers.checks import check_choice
from trimodal.models.layers.transformer import NORM_EPS, ResidualBranch

ADJACENCIES = ('physical', 'adaptive')


class GraphConv(nn.Module):
    """Mixes each joint with its neighbours: ``sum_k A_k X W_k + b``.

    From `Spatial Temporal Graph Convolutional Networks for Skeleton-Based
    Action Recognition <https://arxiv.org/abs/1801.07455>`_; the adaptive
    adjacency adds a learned matrix that starts at zero, from `Two-Stream
    Adaptive Graph Convolutional Networks <https://arxiv.org/abs/1805.07694>`_.

    Args:
        in_channels (int): Channels in.
        out_channels (int): Channels out.
        adjacency (Tensor): float ``[K, V, V]``, entry ``[k, i, j]`` what
            joint i takes of joint j in the k-th part.
        kind (str): ``'physical'`` (fixed) or ``'adaptive'``. Defaults to
            ``'physical'``.

    Raises:
        ValueError: If ``kind`` is neither.
    """

    adjacency: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        adjacency: Tensor,
        kind: str = 'physical',
    ) -> None:
        super().__init__()
        check_choice('adjacency', kind, ADJACENCIES)
        # Rebuilt from the config, so it has no place in a checkpoint.
        self.register_buffer('adjacency', adjacency, persistent=False)
        self.learned = (
            nn.Parameter(torch.zeros_like(adjacency))
            if kind == 'adaptive'
            else None
        )
        self.linear = nn.Linear(len(adjacency) * in_channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve.

        Args:
            x (Tensor): float ``[N, V, C]``.

        Returns:
            Tensor: float ``[N, V, C']``.
        """
        weights = self.adjacency
        if self.learned is not None:
            weights = weights + self.learned
        parts = (weights.flatten(0, 1) @ x).unflatten(1, weights.shape[:2])
        return self.linear(parts.transpose(1, 2).flatten(2))


class GraphBlock(nn.Module):
    """Graph convolution, normalisation, GELU, and a way around them.

    Args:
        in_channels (int): Channels in.
        out_channels (int): Channels out.
        adjacency (Tensor): float ``[K, V, V]``.
        kind (str): ``'physical'`` or ``'adaptive'``. Defaults to
            ``'physical'``.
        dropout (float): Dropout of the branch. Defaults to 0.0.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        adjacency: Tensor,
        kind: str = 'physical',
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.conv = GraphConv(in_channels, out_channels, adjacency, kind)
        self.norm = nn.LayerNorm(out_channels, eps=NORM_EPS)
        self.branch = nn.Sequential(
            nn.GELU(), ResidualBranch(out_channels, dropout)
        )
        self.shortcut = (
            nn.Identity()
            if in_channels == out_channels
            else nn.Linear(in_channels, out_channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Apply to ``x`` (float ``[N, V, C]``), giving ``[N, V, C']``."""
        return self.shortcut(x) + self.branch(self.norm(self.conv(x)))
