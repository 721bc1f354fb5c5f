"""Convolutional subsampling, then conformer layers.

Shape letters: see :mod:`trimodal.structures.streams`; F features of a frame.
"""

from collections.abc import Sequence

from torch import nn

from trimodal.models.encoders.base import BaseEncoder
from trimodal.models.layers import (
    ConformerLayer,
    ConvSubsampling,
    SequencePositions,
    init_transformer,
)
from trimodal.models.layers.checkpointing import run_layer
from trimodal.models.layers.checks import check_choice, check_not_negative
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput, Tokens

POSITIONS = ('rotary', 'sinusoidal', 'learned', None)


@MODELS.register_module()
class Conformer(BaseEncoder):
    """Attention and convolution in turn over spectrogram frames.

    From `Conformer: Convolution-augmented Transformer for Speech Recognition
    <https://arxiv.org/abs/2005.08100>`_, with the layers of
    :class:`torchaudio.models.Conformer`; without padding, and with
    ``positions=None``, they give what torchaudio gives. Its convolutions would
    carry padding into real steps, and its normalisation would count it: see
    :class:`~trimodal.models.layers.ConformerLayer` for how that is avoided.

    Args:
        in_channels (int): Features of a frame, such as mel bins. Defaults to
            80.
        embed_dims (int): Width of the layers. Defaults to 256.
        num_layers (int): Conformer layers. Defaults to 6.
        num_heads (int): Attention heads. Defaults to 4.
        feedforward_channels (int): Width of the feed-forward parts. Defaults
            to 1024.
        kernel_size (int): Odd length of the convolutions in the layers, in
            steps. Defaults to 31.
        conv_channels (Sequence[int]): Channels after each convolution of the
            front end. Defaults to (64, 64).
        conv_strides (Sequence[int | Sequence[int]]): Strides of the front
            end's convolutions over time and frequency, or a pair for the two.
            Defaults to (2, 2).
        conv_norm (str): Normalisation of the front end: ``'layer'`` or
            ``'batch'``. Defaults to ``'layer'``.
        norm (str): Normalisation inside the layers' convolutions:
            ``'batch'``, each channel over the batch, as in the paper, or
            ``'group'``, each sample by itself. Defaults to ``'batch'``.
        convolution_first (bool): Whether convolution comes before attention.
            Defaults to False.
        positions (str | None): ``'rotary'``, distances inside attention;
            ``'sinusoidal'`` or ``'learned'``, added to each step; or None, as
            in torchaudio. Defaults to ``'rotary'``, in place of the paper's
            relative encoding.
        max_length (int): Learned positions, counted after subsampling.
            Defaults to 1024.
        dropout (float): Dropout after the front end and in every part of the
            layers. Defaults to 0.1.
        with_cp (bool): Gradient checkpointing: each layer is computed again
            for its gradients, which saves memory. Defaults to False.
        init_cfg (dict | list[dict] | None): Weight initialisation, as in
            mmengine. Defaults to None.

    Raises:
        ValueError: If ``num_layers`` is negative or ``positions`` unknown.
    """

    def __init__(
        self,
        in_channels: int = 80,
        embed_dims: int = 256,
        num_layers: int = 6,
        num_heads: int = 4,
        feedforward_channels: int = 1024,
        kernel_size: int = 31,
        conv_channels: Sequence[int] = (64, 64),
        conv_strides: Sequence[int | Sequence[int]] = (2, 2),
        conv_norm: str = 'layer',
        norm: str = 'batch',
        convolution_first: bool = False,
        positions: str | None = 'rotary',
        max_length: int = 1024,
        dropout: float = 0.1,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(embed_dims, init_cfg)
        check_choice('positions', positions, POSITIONS)
        check_not_negative(num_layers=num_layers)
        self.subsampling = ConvSubsampling(
            in_channels, conv_channels, conv_strides, norm=conv_norm
        )
        self.projection = nn.Linear(self.subsampling.out_channels, embed_dims)
        self.projection.apply(init_transformer)
        self.positions = (
            nn.Identity()
            if positions in ('rotary', None)
            else SequencePositions(positions, embed_dims, max_length)
        )
        self.dropout = nn.Dropout(dropout)
        self.with_cp = with_cp
        self.layers = nn.ModuleList(
            ConformerLayer(
                embed_dims,
                num_heads,
                feedforward_channels,
                kernel_size,
                dropout,
                norm,
                convolution_first,
                positions == 'rotary',
            )
            for _ in range(num_layers)
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
        for layer in self.layers:
            steps = run_layer(layer, steps, mask, with_cp=self.with_cp)
        return Tokens(steps, mask, x.present).with_x(steps)
