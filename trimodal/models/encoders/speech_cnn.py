"""Residual convolutions over time, for short commands.

Shape letters: see :mod:`trimodal.structures.streams`; F features of a frame.
"""

from collections.abc import Sequence

from torch import nn

from trimodal.models.encoders.base import BaseEncoder
from trimodal.models.layers import (
    ConvSubsampling,
    ResidualConv,
    init_transformer,
)
from trimodal.models.layers.checks import check_positive, check_probability
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput, Tokens


@MODELS.register_module()
class SpeechCNN(BaseEncoder):
    """A small convolutional network over spectrogram frames.

    The residual blocks are those of `Temporal Convolution for Real-time
    Keyword Spotting on Mobile Devices <https://arxiv.org/abs/1904.03814>`_
    (TC-ResNet): frequency is in the channels, so that each convolution sees
    all of it and only time is long. Unlike there, convolutions over time and
    frequency come first, which find a pattern at whatever pitch it stands,
    and steps are not averaged at the end: the sequence is the result.

    Args:
        in_channels (int): Features of a frame, such as mel bins. Defaults to
            40.
        embed_dims (int): Channels of the tokens. Defaults to 128.
        stem_channels (Sequence[int]): Channels after each convolution over
            time and frequency. Defaults to (16, 32).
        stem_strides (Sequence[int | Sequence[int]]): Their strides, one for
            both axes or one for time and one for frequency. Defaults to
            ((1, 2), (2, 2)).
        channels (Sequence[int]): Channels of each stage of residual blocks.
            Defaults to (64, 96, 128).
        strides (Sequence[int]): Stride over time of each stage. Defaults to
            (1, 2, 1).
        num_blocks (int): Residual blocks of a stage. Defaults to 1.
        kernel_size (int): Odd length of their kernels. Defaults to 9.
        separable (bool): Whether their convolutions are depthwise separable,
            as in `MatchboxNet <https://arxiv.org/abs/2004.08531>`_: a fifth
            of the parameters, about half of the time. Defaults to True.
        norm (str): ``'layer'`` normalises each step by itself, ``'batch'``
            each channel over the real steps of the batch. Defaults to
            ``'batch'``.
        dropout (float): Dropout of each block's branch. Defaults to 0.1.
        drop_path (float): Stochastic depth of the last block; it grows from
            0 linearly. Defaults to 0.0.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``channels`` is empty or not as long as ``strides``, a
            number is not positive, a probability lies outside [0, 1], a
            kernel is even or ``norm`` unknown.
    """

    def __init__(
        self,
        in_channels: int = 40,
        embed_dims: int = 128,
        stem_channels: Sequence[int] = (16, 32),
        stem_strides: Sequence[int | Sequence[int]] = ((1, 2), (2, 2)),
        channels: Sequence[int] = (64, 96, 128),
        strides: Sequence[int] = (1, 2, 1),
        num_blocks: int = 1,
        kernel_size: int = 9,
        separable: bool = True,
        norm: str = 'batch',
        dropout: float = 0.1,
        drop_path: float = 0.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(embed_dims, init_cfg)
        check_positive(embed_dims=embed_dims, num_blocks=num_blocks)
        check_probability(drop_path=drop_path)
        if not channels or len(channels) != len(strides):
            raise ValueError(
                'channels and strides must be as long as each other and not '
                f'empty, got {list(channels)} and {list(strides)}'
            )
        check_positive(channels=min(channels), strides=min(strides))
        self.stem = ConvSubsampling(
            in_channels, stem_channels, stem_strides, norm=norm
        )
        self.blocks = nn.ModuleList()
        width, last = self.stem.out_channels, len(channels) * num_blocks - 1
        for stage_width, stage_stride in zip(channels, strides, strict=True):
            for index in range(num_blocks):
                self.blocks.append(
                    ResidualConv(
                        width,
                        stage_width,
                        kernel_size,
                        1 if index else stage_stride,
                        norm,
                        separable,
                        dropout,
                        drop_path * len(self.blocks) / max(last, 1),
                    )
                )
                width = stage_width
        self.projection = nn.Linear(width, embed_dims)
        self.projection.apply(init_transformer)

    def forward(self, x: ModalityInput) -> Tokens:
        """Encode spectrograms.

        Args:
            x (ModalityInput): data float ``[B, T, F]``, mask bool
                ``[B, T]``.

        Returns:
            Tokens: One step for every product of all strides over time.
        """
        steps, mask = self.stem(x.data, x.mask)
        steps = steps.unsqueeze(2)
        for block in self.blocks:
            steps, mask = block(steps, mask)
        steps = self.projection(steps.squeeze(2))
        return Tokens(steps, mask, x.present).with_x(steps)
