"""Convolutional subsampling, then a transformer.

Shape letters: see :mod:`trimodal.structures.streams`; F features of a frame.
"""

from collections.abc import Sequence

from torch import nn

from trimodal.models.encoders.base import BaseEncoder
from trimodal.models.layers import (
    ConvSubsampling,
    SequencePositions,
    TransformerEncoder,
    init_transformer,
)
from trimodal.models.layers.checks import check_choice
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput, Tokens

POSITIONS = ('sinusoidal', 'learned', 'rotary')


@MODELS.register_module()
class SpeechTransformer(BaseEncoder):
    """A transformer over spectrogram frames.

    In the manner of `Speech-Transformer
    <https://ieeexplore.ieee.org/document/8462506>`_: convolutions shorten the
    sequence and look at local patterns, a linear layer brings it to the
    transformer's width, pre-norm layers relate its steps.

    Args:
        in_channels (int): Features of a frame, such as mel bins. Defaults to
            80.
        embed_dims (int): Width of the transformer. Defaults to 256.
        num_layers (int): Transformer layers. Defaults to 6.
        num_heads (int): Attention heads. Defaults to 4.
        feedforward_channels (int): Width of the feed-forward parts. Defaults
            to 1024.
        conv_channels (Sequence[int]): Channels after each convolution.
            Defaults to (64, 64).
        conv_strides (Sequence[int | Sequence[int]]): Strides of the
            convolutions over time and, with ``conv_dims=2``, frequency, or a
            pair for the two. Defaults to (2, 2).
        conv_kernel_size (int): Kernel of the convolutions. Defaults to 3.
        conv_dims (int): 2 to convolve over time and frequency, 1 over time
            alone. Defaults to 2.
        conv_norm (str): ``'layer'`` normalises each step by itself,
            ``'batch'`` each channel over the batch, which may do better where
            data is scarce. Defaults to ``'layer'``.
        positions (str): ``'sinusoidal'`` or ``'learned'``, added to each
            step, or ``'rotary'``, distances inside attention (`RoFormer
            <https://arxiv.org/abs/2104.09864>`_). Defaults to
            ``'sinusoidal'``.
        max_length (int): Learned positions, counted after subsampling.
            Defaults to 1024.
        dropout (float): Dropout after the convolutions and in each layer.
            Defaults to 0.1.
        attention_dropout (float): Dropout of attention weights. Defaults to
            0.0.
        drop_path (float): Stochastic depth of the last layer. Defaults to
            0.0.
        layerdrop (float): Probability of leaving out a layer in training, for
            the whole batch (`LayerDrop <https://arxiv.org/abs/1909.11556>`_).
            Defaults to 0.0.
        with_cp (bool): Gradient checkpointing: each layer is computed again
            for its gradients, which saves memory. Defaults to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.
    """

    def __init__(
        self,
        in_channels: int = 80,
        embed_dims: int = 256,
        num_layers: int = 6,
        num_heads: int = 4,
        feedforward_channels: int = 1024,
        conv_channels: Sequence[int] = (64, 64),
        conv_strides: Sequence[int | Sequence[int]] = (2, 2),
        conv_kernel_size: int = 3,
        conv_dims: int = 2,
        conv_norm: str = 'layer',
        positions: str = 'sinusoidal',
        max_length: int = 1024,
        dropout: float = 0.1,
        attention_dropout: float = 0.0,
        drop_path: float = 0.0,
        layerdrop: float = 0.0,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(embed_dims, init_cfg)
        check_choice('positions', positions, POSITIONS)
        self.subsampling = ConvSubsampling(
            in_channels,
            conv_channels,
            conv_strides,
            conv_kernel_size,
            conv_dims,
            conv_norm,
        )
        self.projection = nn.Linear(self.subsampling.out_channels, embed_dims)
        self.projection.apply(init_transformer)
        self.positions = (
            nn.Identity()
            if positions == 'rotary'
            else SequencePositions(positions, embed_dims, max_length)
        )
        self.dropout = nn.Dropout(dropout)
        self.transformer = TransformerEncoder(
            num_layers,
            embed_dims,
            num_heads,
            feedforward_channels,
            dropout,
            attention_dropout,
            drop_path,
            rotary=positions == 'rotary',
            layerdrop=layerdrop,
            with_cp=with_cp,
        )

    def forward(self, x: ModalityInput) -> Tokens:
        """Encode spectrograms.

        Args:
            x (ModalityInput): data float ``[B, T, F]``, mask bool
                ``[B, T]``.

        Returns:
            Tokens: One step for every product of ``conv_strides`` frames.
        """
        steps, mask = self.subsampling(x.data, x.mask)
        steps = self.dropout(self.positions(self.projection(steps)))
        tokens = Tokens(steps, mask, x.present)
        return tokens.with_x(self.transformer(steps, mask))
