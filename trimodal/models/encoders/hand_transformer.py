"""Attention over the joints and over time.

Shape letters: see :mod:`trimodal.structures.streams`; N hands (or bodies)
of all samples that are seen at all, M frames in which they are.
"""

import torch
from torch import Tensor, nn

from trimodal.models.encoders.base import BaseEncoder
from trimodal.models.layers import (
    HandFusion,
    SequencePositions,
    TransformerEncoder,
    build_skeleton,
    put_real,
    take_real,
)
from trimodal.models.layers.checks import check_choice, check_not_negative
from trimodal.models.layers.skeleton import Layout
from trimodal.models.layers.transformer import INIT_STD, NORM_EPS
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput, Tokens


@MODELS.register_module()
class HandTransformer(BaseEncoder):
    """Joints attend to each other, frames attend to each other.

    After `Spatial Temporal Transformer Network for Skeleton-Based Action
    Recognition <https://arxiv.org/abs/2008.07404>`_ and `Construct Dynamic
    Graphs for Hand Gesture Recognition via Spatial-Temporal Attention
    <https://arxiv.org/abs/1907.08871>`_, with the same weights for every
    hand, and unseen hands left out of all of it:

    - ``'factorised'``: the joints of each frame attend to each other, become
      one vector, and the frames attend to each other. Cost grows with ``T V^2
      + T^2``.
    - ``'full'``: every joint of every frame attends to every other. Cost
      grows with ``T^2 V^2``.

    Args:
        in_channels (int): Channels of a joint. Defaults to 9: joint, bone
            and motion.
        embed_dims (int): Channels. Defaults to 128.
        spatial_layers (int): Layers over the joints of a frame; with
            ``'full'`` all layers attend over both, and these count too.
            Defaults to 2.
        temporal_layers (int): Layers over the frames. Defaults to 2.
        num_heads (int): Attention heads. Defaults to 4.
        feedforward_channels (int): Channels inside the feed-forward parts.
            Defaults to 256.
        attention (str): ``'factorised'`` or ``'full'``. Defaults to
            ``'factorised'``.
        joint_pooling (str): Joints to one vector by ``'mean'``, or
            ``'flatten'``, a linear layer that keeps them apart. Defaults to
            ``'mean'``.
        positions (str): ``'sinusoidal'`` or ``'learned'``, over the frames.
            Defaults to ``'sinusoidal'``.
        max_length (int): Learned positions; later frames share the last.
            Defaults to 1024.
        hand_fusion (str): ``'mean'``, ``'concat'`` or ``'attention'``.
            Defaults to ``'mean'``.
        num_hands (int): H. Defaults to 2.
        layout (str | Mapping): Name of the landmark layout, or its parents
            and links. Defaults to ``'hand_21'``.
        dropout (float): Dropout of the layers. Defaults to 0.1.
        drop_path (float): Stochastic depth of the last layer of each stack.
            Defaults to 0.0.
        with_cp (bool): Gradient checkpointing: each layer is computed again
            for its gradients, which saves memory. Defaults to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If a number is out of range or a name unknown.
    """

    def __init__(
        self,
        in_channels: int = 9,
        embed_dims: int = 128,
        spatial_layers: int = 2,
        temporal_layers: int = 2,
        num_heads: int = 4,
        feedforward_channels: int = 256,
        attention: str = 'factorised',
        joint_pooling: str = 'mean',
        positions: str = 'sinusoidal',
        max_length: int = 1024,
        hand_fusion: str = 'mean',
        num_hands: int = 2,
        layout: Layout = 'hand_21',
        dropout: float = 0.1,
        drop_path: float = 0.0,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(embed_dims, init_cfg)
        check_choice('attention', attention, ('factorised', 'full'))
        check_choice('joint_pooling', joint_pooling, ('mean', 'flatten'))
        check_not_negative(
            spatial_layers=spatial_layers, temporal_layers=temporal_layers
        )
        self.full = attention == 'full'
        joints = build_skeleton(layout).num_joints
        self.embedding = nn.Linear(in_channels, embed_dims)
        self.joints = nn.Parameter(torch.empty(joints, embed_dims))
        nn.init.trunc_normal_(self.joints, std=INIT_STD)
        self.positions = SequencePositions(positions, embed_dims, max_length)

        def stack(layers: int) -> TransformerEncoder:
            return TransformerEncoder(
                layers,
                embed_dims,
                num_heads,
                feedforward_channels,
                dropout=dropout,
                drop_path=drop_path,
                with_cp=with_cp,
            )

        self.spatial = stack(spatial_layers + temporal_layers * self.full)
        self.temporal = None if self.full else stack(temporal_layers)
        self.projection = (
            nn.Linear(joints * embed_dims, embed_dims)
            if joint_pooling == 'flatten'
            else None
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
        # A hand is a sequence of its own: [B, H, T].
        mask = x.mask.transpose(1, 2)
        seen = mask.any(2)
        frames = x.data.transpose(1, 2).flatten(0, 1)
        frames = take_real(frames, mask.flatten(0, 1))
        frames = self.embedding(frames) + self.joints
        attend = self._full if self.full else self._factorised
        steps = attend(frames, take_real(mask, seen))
        steps = put_real(steps, seen).transpose(1, 2)
        tokens = Tokens(steps[:, :, 0], x.mask.any(2), x.present)
        return tokens.with_x(self.norm(self.hands(steps, x.mask)))

    def _factorised(self, frames: Tensor, mask: Tensor) -> Tensor:
        """From float ``[M, V, C]`` and bool ``[N, T]`` to ``[N, T, C]``."""
        assert self.temporal is not None
        steps = put_real(self._pool(self.spatial(frames)), mask)
        return self.temporal(self.positions(steps), mask)

    def _full(self, frames: Tensor, mask: Tensor) -> Tensor:
        """The same, over all joints of all frames at once."""
        joints = frames.shape[1]
        steps = put_real(frames, mask)
        # The joints of a frame share its position.
        steps = (
            steps
            + self.positions(torch.zeros_like(steps[:, :, 0]))[:, :, None]
        )
        steps = self.spatial(
            steps.flatten(1, 2), mask.repeat_interleave(joints, dim=1)
        )
        return self._pool(steps.unflatten(1, (mask.shape[1], joints)))

    def _pool(self, x: Tensor) -> Tensor:
        """One vector from float ``[..., V, C]``."""
        if self.projection is None:
            return x.mean(-2)
        return self.projection(x.flatten(-2))
