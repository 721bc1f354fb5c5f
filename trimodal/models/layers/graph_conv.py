"""Graph convolution over the joints of a skeleton."""

import torch
from torch import Tensor, nn

from trimodal.models.layers.checks import check_choice
from trimodal.models.layers.transformer import NORM_EPS, ResidualBranch

ADJACENCIES = ('physical', 'importance', 'adaptive', 'learned')


class GraphConv(nn.Module):
    """Mixes each joint with its neighbours: ``sum_k A_k X W_k + b``.

    From `Spatial Temporal Graph Convolutional Networks for Skeleton-Based
    Action Recognition <https://arxiv.org/abs/1801.07455>`_, as is its edge
    importance; the adaptive adjacency adds a learned matrix that starts at
    zero, from `Two-Stream Adaptive Graph Convolutional Networks
    <https://arxiv.org/abs/1805.07694>`_; the learned one is free, as in
    `PYSKL <https://arxiv.org/abs/2205.09443>`_.

    Args:
        in_channels (int): Channels in.
        out_channels (int): Channels out.
        adjacency (Tensor): float ``[K, V, V]``, entry ``[k, i, j]`` what
            joint i takes of joint j in the k-th part.
        kind (str): ``'physical'`` (fixed); ``'importance'``, times a
            learned factor for each edge that starts at 1; ``'adaptive'``,
            plus a learned matrix that starts at 0, so that any two joints
            can be connected; or ``'learned'``, a free matrix that starts as
            the graph. Defaults to ``'physical'``.

    Raises:
        ValueError: If ``kind`` is none of these.
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
        self.kind = kind
        start = {
            'importance': torch.ones_like(adjacency),
            'adaptive': torch.zeros_like(adjacency),
            'learned': adjacency.clone(),
        }
        self.learned = (
            nn.Parameter(start[kind]) if kind != 'physical' else None
        )
        self.linear = nn.Linear(len(adjacency) * in_channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve.

        Args:
            x (Tensor): float ``[N, V, C]``.

        Returns:
            Tensor: float ``[N, V, C']``.
        """
        weights = self._weights()
        parts = (weights.flatten(0, 1) @ x).unflatten(1, weights.shape[:2])
        return self.linear(parts.transpose(1, 2).flatten(2))

    def _weights(self) -> Tensor:
        if self.learned is None:
            return self.adjacency
        if self.kind == 'importance':
            return self.adjacency * self.learned
        if self.kind == 'adaptive':
            return self.adjacency + self.learned
        return self.learned


class GraphBlock(nn.Module):
    """Graph convolution, normalisation, GELU, and a way around them.

    Args:
        in_channels (int): Channels in.
        out_channels (int): Channels out.
        adjacency (Tensor): float ``[K, V, V]``.
        kind (str): As for :class:`GraphConv`. Defaults to ``'physical'``.
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
