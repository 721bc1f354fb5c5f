"""What the encoders that alternate graph and temporal convolutions share.

Shape letters: see :mod:`trimodal.structures.streams`; N hands (or bodies)
of all samples that are seen at all, M frames in which they are.
"""

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from trimodal.models.encoders.base import BaseEncoder
from trimodal.models.layers import (
    GraphConv,
    GraphTimeBlock,
    HandFusion,
    RealNorm,
    build_skeleton,
    put_real,
    take_real,
)
from trimodal.models.layers.checks import (
    check_choice,
    check_positive,
    check_probability,
)
from trimodal.models.layers.conv_subsampling import NORMS
from trimodal.models.layers.skeleton import Layout
from trimodal.structures import ModalityInput, Tokens


class GraphTimeEncoder(BaseEncoder):
    """Graph convolutions and convolutions over time, in turn.

    Every hand (or body) goes through the same blocks by itself; at the end
    the mean over its joints is taken and the hands are merged. Hands and
    frames that are not seen are left out of all of it.

    Args:
        in_channels (int): Channels of a joint.
        channels (Sequence[int]): Channels after each block.
        strides (Sequence[int]): Stride over time of each block.
        temporal (Callable): Makes a block's part over time from
            ``in_channels``, ``out_channels``, ``stride`` and ``norm``.
        graph_residual (bool): Whether there is a way around each graph
            convolution.
        adjacency (str): See :class:`~trimodal.models.layers.GraphConv`.
        partition (str): See
            :meth:`~trimodal.models.layers.Skeleton.partition`.
        max_hops (int): Farthest neighbour.
        norm (str): ``'batch'`` or ``'layer'``.
        hand_fusion (str): ``'mean'``, ``'concat'`` or ``'attention'``.
        num_hands (int): H.
        layout (str | Mapping): The joints.
        dropout (float): Dropout of each block.
        init_cfg (dict | list[dict] | None): Weight initialisation.

    Raises:
        ValueError: If ``channels`` and ``strides`` do not go together, a
            number is out of range, or a name unknown.
    """

    def __init__(
        self,
        in_channels: int,
        channels: Sequence[int],
        strides: Sequence[int],
        temporal: Callable[[int, int, int, str], nn.Module],
        graph_residual: bool,
        adjacency: str,
        partition: str,
        max_hops: int,
        norm: str,
        hand_fusion: str,
        num_hands: int,
        layout: Layout,
        dropout: float,
        init_cfg: dict | list[dict] | None,
    ) -> None:
        _check_blocks(channels, strides)
        super().__init__(channels[-1], init_cfg)
        check_choice('norm', norm, NORMS)
        check_positive(in_channels=in_channels)
        check_probability(dropout=dropout)
        skeleton = build_skeleton(layout)
        matrices = skeleton.partition(partition, max_hops)
        # Each coordinate of each joint by itself. Frame by frame it would
        # take away how fast a hand moves.
        self.input_norm = (
            RealNorm(skeleton.num_joints * in_channels, norm)
            if norm == 'batch'
            else None
        )
        self.blocks = nn.ModuleList()
        before = in_channels
        for after, stride in zip(channels, strides, strict=True):
            block = GraphTimeBlock(
                GraphConv(before, after, matrices, adjacency),
                temporal(after, after, stride, norm),
                before,
                after,
                stride,
                norm,
                residual=len(self.blocks) > 0,
                graph_residual=graph_residual,
                dropout=dropout,
            )
            self.blocks.append(block)
            before = after
        self.hands = HandFusion(hand_fusion, num_hands, before)

    def forward(self, x: ModalityInput) -> Tokens:
        """Encode landmark features.

        Args:
            x (ModalityInput): data float ``[B, T, H, V, C]``, mask bool
                ``[B, T, H]``.

        Returns:
            Tokens: A step for as many frames as the strides multiply to;
            real where any hand is seen in one of them.
        """
        # A hand is a sequence of its own: [B, H, T].
        mask = x.mask.transpose(1, 2)
        frames = x.data.transpose(1, 2).flatten(0, 1)
        frames = take_real(frames, mask.flatten(0, 1))
        seen = mask.any(2)
        steps, mask = self._run(frames, take_real(mask, seen))
        steps = put_real(put_real(steps.mean(1), mask), seen).transpose(1, 2)
        mask = put_real(mask, seen).transpose(1, 2)
        tokens = Tokens(steps[:, :, 0], mask.any(2), x.present)
        return tokens.with_x(self.hands(steps, mask))

    def _run(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """All blocks, from float ``[M, V, C]`` and bool ``[N, T]``."""
        if self.input_norm is not None:
            flat = self.input_norm(x.flatten(1).unsqueeze(1))
            x = flat.view_as(x)
        for block in self.blocks:
            x, mask = block(x, mask)
        return x, mask


def _check_blocks(channels: Sequence[int], strides: Sequence[int]) -> None:
    if not channels or len(channels) != len(strides):
        raise ValueError(
            'channels and strides must be as long as each other and not '
            f'empty, got {list(channels)} and {list(strides)}'
        )
    check_positive(channels=min(channels), strides=min(strides))
