"""Graph convolution over the joints, then convolution over time.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from trimodal.models.encoders.base import BaseEncoder
from trimodal.models.layers import (
    GraphBlock,
    HandFusion,
    MultiKernelTemporalConv,
    build_skeleton,
    init_transformer,
    put_real,
    take_real,
)
from trimodal.models.layers.checks import check_choice, check_positive
from trimodal.models.layers.skeleton import Layout
from trimodal.models.layers.transformer import INIT_STD, NORM_EPS
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput, Tokens


@MODELS.register_module()
class HandGraphEncoder(BaseEncoder):
    """Space first, then time, with the same weights for every hand.

    Each seen hand goes through graph convolutions over its joints (`ST-GCN
    <https://arxiv.org/abs/1801.07455>`_) with an embedding that tells joints
    apart (`SGN <https://arxiv.org/abs/1904.01189>`_), its joints become one
    vector, and convolutions of several lengths run over time before the hands
    are merged. Unseen hands are left out of all of it.

    Args:
        in_channels (int): Channels of a joint. Defaults to 9: joint, bone
            and motion.
        graph_channels (Sequence[int]): Channels after each graph convolution.
            Defaults to (64, 128).
        embed_dims (int): Channels of the temporal part. Defaults to 256.
        num_layers (int): Temporal convolutions. Defaults to 3.
        kernel_sizes (Sequence[int]): Kernels of each, in frames. Defaults to
            (3, 5, 7).
        adjacency (str): ``'physical'`` (the bones), ``'importance'``,
            ``'adaptive'`` (and a learned part) or ``'learned'``, see
            :class:`~trimodal.models.layers.GraphConv`. Defaults to
            ``'adaptive'``.
        max_hops (int): Farthest neighbour of a graph convolution. Defaults
            to 1.
        partition (str): Which neighbours share weights: those of one
            ``'distance'``, or the ``'spatial'`` configuration (as far from
            the root, nearer, farther). Defaults to ``'distance'``.
        joint_pooling (str): ``'mean'``, or ``'flatten'``, which keeps the
            joints apart until a linear layer. Defaults to ``'flatten'``.
        hand_fusion (str): ``'mean'``, ``'concat'`` or ``'attention'``.
            Defaults to ``'mean'``.
        num_hands (int): H. Defaults to 2.
        layout (str | Mapping): Name of the landmark layout, or its parents
            and links. Defaults to ``'hand_21'``.
        dropout (float): Dropout of each block. Defaults to 0.1.
        drop_path (float): Stochastic depth of the last temporal convolution.
            Defaults to 0.0.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If an argument is none of the values named here.
    """

    def __init__(
        self,
        in_channels: int = 9,
        graph_channels: Sequence[int] = (64, 128),
        embed_dims: int = 256,
        num_layers: int = 3,
        kernel_sizes: Sequence[int] = (3, 5, 7),
        adjacency: str = 'adaptive',
        max_hops: int = 1,
        partition: str = 'distance',
        joint_pooling: str = 'flatten',
        hand_fusion: str = 'mean',
        num_hands: int = 2,
        layout: Layout = 'hand_21',
        dropout: float = 0.1,
        drop_path: float = 0.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(embed_dims, init_cfg)
        if not graph_channels:
            raise ValueError('graph_channels must not be empty')
        check_choice('joint_pooling', joint_pooling, ('mean', 'flatten'))
        check_positive(max_hops=max_hops, embed_dims=embed_dims)
        skeleton = build_skeleton(layout)
        matrices = skeleton.partition(partition, max_hops)
        widths = [graph_channels[0], *graph_channels]
        self.joint_pooling = joint_pooling
        self.embedding = nn.Linear(in_channels, widths[0])
        self.joints = nn.Parameter(torch.empty(skeleton.num_joints, widths[0]))
        nn.init.trunc_normal_(self.joints, std=INIT_STD)
        self.graph = nn.Sequential(
            *(
                GraphBlock(before, after, matrices, adjacency, dropout)
                for before, after in pairwise(widths)
            )
        )
        flat = skeleton.num_joints if joint_pooling == 'flatten' else 1
        self.projection = nn.Linear(flat * widths[-1], embed_dims)
        self.projection.apply(init_transformer)
        self.temporal = nn.ModuleList(
            MultiKernelTemporalConv(
                embed_dims,
                kernel_sizes,
                dropout,
                drop_path * index / max(num_layers - 1, 1),
            )
            for index in range(num_layers)
        )
        self.hands = HandFusion(hand_fusion, num_hands, embed_dims)
        self.norm = nn.LayerNorm(embed_dims, eps=NORM_EPS)

    def forward(self, x: ModalityInput) -> Tokens:
        """Encode landmark features.

        Args:
            x (ModalityInput): data float ``[B, T, H, V, C]``, mask bool
                ``[B, T, H]``.

        Returns:
            Tokens: A step a frame; real where any hand is seen.
        """
        # Every hand of every frame is a step of its own: [B, T * H].
        mask = x.mask.flatten(1)
        seen = self._space(take_real(x.data.flatten(1, 2), mask))
        steps = put_real(seen, mask).unflatten(1, x.mask.shape[1:])
        steps = self._time(steps, x.mask)
        tokens = Tokens(steps[:, :, 0], x.mask.any(2), x.present)
        return tokens.with_x(self.norm(self.hands(steps, x.mask)))

    def _space(self, hands: Tensor) -> Tensor:
        """One vector for each of N hands, from float ``[N, V, C]``."""
        hands = self.graph(self.embedding(hands) + self.joints)
        flat = self.joint_pooling == 'flatten'
        return self.projection(hands.flatten(1) if flat else hands.mean(1))

    def _time(self, steps: Tensor, mask: Tensor) -> Tensor:
        """Convolve float ``[B, T, H, C]`` over T, each hand by itself."""
        batch = len(steps)
        steps = steps.transpose(1, 2).flatten(0, 1)
        mask = mask.transpose(1, 2).flatten(0, 1)
        for layer in self.temporal:
            steps = layer(steps, mask)
        return steps.unflatten(0, (batch, -1)).transpose(1, 2)
