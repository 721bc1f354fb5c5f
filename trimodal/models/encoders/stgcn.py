"""ST-GCN and ST-GCN++: graph and temporal convolutions in turn."""

from collections.abc import Sequence
from functools import partial

from trimodal.models.encoders.graph_time import GraphTimeEncoder
from trimodal.models.layers import MultiBranchTemporalConv, TemporalConv
from trimodal.models.layers.skeleton import Layout
from trimodal.registry import MODELS

CHANNELS = (64,) * 4 + (128,) * 3 + (256,) * 3
STRIDES = (1, 1, 1, 1, 2, 1, 1, 2, 1, 1)


@MODELS.register_module()
class STGCN(GraphTimeEncoder):
    """Spatial temporal graph convolutional network.

    From `Spatial Temporal Graph Convolutional Networks for Skeleton-Based
    Action Recognition <https://arxiv.org/abs/1801.07455>`_: blocks of a graph
    convolution over the joints and a convolution over time, each block with a
    way around it (but the first). Hands take the place of bodies, and the
    sequence is kept where the paper averages over time.

    Args:
        in_channels (int): Channels of a joint. Defaults to 9: joint, bone
            and motion.
        channels (Sequence[int]): Channels after each block. Defaults to 64
            four times, 128 three times, 256 three times.
        strides (Sequence[int]): Stride over time of each block. Defaults to
            2 where the channels grow, else 1.
        kernel_size (int): Of each convolution over time, in frames. Defaults
            to 9.
        adjacency (str): ``'physical'``, ``'importance'``, ``'adaptive'`` or
            ``'learned'``, see :class:`~trimodal.models.layers.GraphConv`.
            Defaults to ``'importance'``, as in the paper.
        partition (str): ``'distance'`` or ``'spatial'``, see
            :meth:`~trimodal.models.layers.Skeleton.partition`. Defaults to
            ``'spatial'``.
        max_hops (int): Farthest neighbour of a graph convolution; 0 mixes no
            joints. Defaults to 1.
        norm (str): ``'batch'`` normalises each channel over the real frames
            of the batch (of all processes), and the input likewise;
            ``'layer'`` each frame over its joints and channels. Defaults to
            ``'batch'``.
        hand_fusion (str): ``'mean'``, ``'concat'`` or ``'attention'``.
            Defaults to ``'mean'``.
        num_hands (int): H. Defaults to 2.
        layout (str | Mapping): Name of the landmark layout, or its parents
            and links. Defaults to ``'hand_21'``.
        dropout (float): Dropout of each block; the paper has 0.5. Defaults
            to 0.1.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``channels`` and ``strides`` do not go together, a
            number is out of range, or a name unknown.
    """

    def __init__(
        self,
        in_channels: int = 9,
        channels: Sequence[int] = CHANNELS,
        strides: Sequence[int] = STRIDES,
        kernel_size: int = 9,
        adjacency: str = 'importance',
        partition: str = 'spatial',
        max_hops: int = 1,
        norm: str = 'batch',
        hand_fusion: str = 'mean',
        num_hands: int = 2,
        layout: Layout = 'hand_21',
        dropout: float = 0.1,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            channels,
            strides,
            partial(TemporalConv, kernel_size=kernel_size),
            False,
            adjacency,
            partition,
            max_hops,
            norm,
            hand_fusion,
            num_hands,
            layout,
            dropout,
            init_cfg,
        )


@MODELS.register_module()
class STGCNPlusPlus(GraphTimeEncoder):
    """ST-GCN with free adjacencies and several convolutions over time.

    From `PYSKL: Towards Good Practices for Skeleton Action Recognition
    <https://arxiv.org/abs/2205.09443>`_: as :class:`STGCN`, but the
    adjacencies are learned, every graph convolution has a way around it, and
    dilated convolutions, a maximum and a bare path run side by side over
    time.

    Args:
        in_channels (int): Channels of a joint. Defaults to 9: joint, bone
            and motion.
        channels (Sequence[int]): Channels after each block. Defaults to 64
            four times, 128 three times, 256 three times.
        strides (Sequence[int]): Stride over time of each block. Defaults to
            2 where the channels grow, else 1.
        kernel_size (int): Of each branch over time, in frames. Defaults to
            3.
        dilations (Sequence[int]): Of the branches that convolve. Defaults
            to (1, 2, 3, 4).
        adjacency (str): ``'physical'``, ``'importance'``, ``'adaptive'`` or
            ``'learned'``, see :class:`~trimodal.models.layers.GraphConv`.
            Defaults to ``'learned'``.
        partition (str): ``'distance'`` or ``'spatial'``, see
            :meth:`~trimodal.models.layers.Skeleton.partition`. Defaults to
            ``'spatial'``.
        max_hops (int): Farthest neighbour of a graph convolution; 0 mixes no
            joints. Defaults to 1.
        norm (str): ``'batch'`` normalises each channel over the real frames
            of the batch (of all processes), and the input likewise;
            ``'layer'`` each frame over its joints and channels. Defaults to
            ``'batch'``.
        hand_fusion (str): ``'mean'``, ``'concat'`` or ``'attention'``.
            Defaults to ``'mean'``.
        num_hands (int): H. Defaults to 2.
        layout (str | Mapping): Name of the landmark layout, or its parents
            and links. Defaults to ``'hand_21'``.
        dropout (float): Dropout of each block. Defaults to 0.1.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``channels`` and ``strides`` do not go together, a
            number is out of range, or a name unknown.
    """

    def __init__(
        self,
        in_channels: int = 9,
        channels: Sequence[int] = CHANNELS,
        strides: Sequence[int] = STRIDES,
        kernel_size: int = 3,
        dilations: Sequence[int] = (1, 2, 3, 4),
        adjacency: str = 'learned',
        partition: str = 'spatial',
        max_hops: int = 1,
        norm: str = 'batch',
        hand_fusion: str = 'mean',
        num_hands: int = 2,
        layout: Layout = 'hand_21',
        dropout: float = 0.1,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            channels,
            strides,
            partial(
                MultiBranchTemporalConv,
                kernel_size=kernel_size,
                dilations=dilations,
            ),
            True,
            adjacency,
            partition,
            max_hops,
            norm,
            hand_fusion,
            num_hands,
            layout,
            dropout,
            init_cfg,
        )
