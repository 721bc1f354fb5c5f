"""A conformer layer that padding does not change.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

import torch.nn.functional as F
import torchaudio.models.conformer as torchaudio_conformer
from torch import Tensor

from trimodal.models.layers.attention import MultiheadAttention
from trimodal.models.layers.checks import (
    check_choice,
    check_multiple,
    check_odd,
    check_positive,
    check_probability,
)
from trimodal.models.layers.masked_batch_norm import MaskedBatchNorm
from trimodal.models.layers.masked_group_norm import masked_group_norm

NORMS = ('batch', 'group')


class ConformerLayer(torchaudio_conformer.ConformerLayer):
    """Half a feed-forward, attention, convolution, half a feed-forward.

    torchaudio's layer, from `Conformer <https://arxiv.org/abs/2005.08100>`_,
    with its parts and its result where nothing is padded. Three things differ
    so that padding changes nothing: masked steps are zero before the
    convolution over time (its own biases would make them something else); the
    normalisation in the convolution takes its statistics of real steps alone
    (over all processes, for ``'batch'``); and attention is
    :class:`~trimodal.models.layers.MultiheadAttention`, for which a sequence
    may be empty.

    Args:
        embed_dims (int): Channels.
        num_heads (int): Attention heads.
        feedforward_channels (int): Channels inside the feed-forward parts.
        kernel_size (int): Odd length of the convolution, in steps.
        dropout (float): Dropout of every part, attention included. Defaults
            to 0.0.
        norm (str): What normalises inside the convolution: ``'batch'``, each
            channel over the batch, or ``'group'``, each sample by itself.
            Defaults to ``'batch'``.
        convolution_first (bool): Whether the convolution comes before the
            attention. Defaults to False.
        rotary (bool): Whether attention turns queries and keys by their
            positions. Defaults to False.

    Raises:
        ValueError: If ``num_heads`` does not divide ``embed_dims``, a number
            is not positive, ``kernel_size`` is even, ``dropout`` lies outside
            [0, 1] or ``norm`` is unknown.
    """

    def __init__(
        self,
        embed_dims: int,
        num_heads: int,
        feedforward_channels: int,
        kernel_size: int,
        dropout: float = 0.0,
        norm: str = 'batch',
        convolution_first: bool = False,
        rotary: bool = False,
    ) -> None:
        check_multiple('embed_dims', embed_dims, num_heads, 'num_heads')
        check_positive(feedforward_channels=feedforward_channels)
        check_odd('kernel_size', [kernel_size])
        check_probability(dropout=dropout)
        check_choice('norm', norm, NORMS)
        super().__init__(
            embed_dims,
            feedforward_channels,
            num_heads,
            kernel_size,
            dropout,
            norm == 'group',
            convolution_first,
        )
        self.self_attn = MultiheadAttention(
            embed_dims, num_heads, dropout, rotary
        )
        if norm == 'batch':
            self.conv_module.sequential[3] = MaskedBatchNorm(embed_dims)

    def forward(  # type: ignore[override]
        self, x: Tensor, mask: Tensor
    ) -> Tensor:
        """Apply the layer.

        Args:
            x (Tensor): float ``[B, T, C]``.
            mask (Tensor): bool ``[B, T]``, True for real steps.

        Returns:
            Tensor: float ``[B, T, C]``; masked steps hold no meaning.
        """
        x = x + 0.5 * self.ffn1(x)
        if self.convolution_first:
            x = x + self._convolve(x, mask)
        y = self.self_attn(self.self_attn_layer_norm(x), key_mask=mask)
        x = x + self.self_attn_dropout(y)
        if not self.convolution_first:
            x = x + self._convolve(x, mask)
        x = x + 0.5 * self.ffn2(x)
        return self.final_layer_norm(x)

    def _convolve(self, x: Tensor, mask: Tensor) -> Tensor:
        module = self.conv_module
        before, _, convolve, norm, activation, after, drop = module.sequential
        # Convolutions over a single step, as the matrix products they are.
        y = F.linear(
            module.layer_norm(x), before.weight.squeeze(2), before.bias
        )
        y = F.glu(y, -1).masked_fill(~mask.unsqueeze(2), 0)
        y = convolve(y.transpose(1, 2))
        if isinstance(norm, MaskedBatchNorm):
            y = norm(y.transpose(1, 2).unsqueeze(2), mask).squeeze(2)
        else:
            y = masked_group_norm(y, mask, norm).transpose(1, 2)
        y = F.linear(activation(y), after.weight.squeeze(2), after.bias)
        return drop(y)
