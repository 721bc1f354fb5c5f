"""A convolutional front end that shortens a feature sequence.

Shape letters: see :mod:`trimodal.structures.streams`; F features of a frame.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.layers.checks import (
    check_choice,
    check_odd,
    check_positive,
)
from trimodal.models.layers.transformer import NORM_EPS


class ConvSubsampling(nn.Module):
    """Convolution, normalisation, GELU: several times, with strides.

    With ``conv_dims=2`` a frame's features are an axis to convolve over (as
    frequency is), strided like time; with 1 they are the first channels. Each
    step is normalised over its own channels and features, so that neither
    padding nor the rest of the batch matters.

    Padding changes nothing: masked steps are zero before every convolution,
    and a step of the output is real if the step in the middle of its window
    is, which is just as many as the sequence alone would give.

    Args:
        in_channels (int): Features of a frame.
        channels (Sequence[int]): Channels after each convolution.
        strides (Sequence[int | Sequence[int]]): Stride of each convolution:
            one for both axes, or one for time and one for features.
        kernel_size (int): Odd length of every kernel. Defaults to 3.
        conv_dims (int): 1 or 2. Defaults to 2.

    Raises:
        ValueError: If ``channels`` is empty or not as long as ``strides``, a
            number is not positive, ``kernel_size`` is even, or ``conv_dims``
            is neither 1 nor 2.
    """

    def __init__(
        self,
        in_channels: int,
        channels: Sequence[int],
        strides: Sequence[int | Sequence[int]],
        kernel_size: int = 3,
        conv_dims: int = 2,
    ) -> None:
        super().__init__()
        check_choice('conv_dims', conv_dims, (1, 2))
        check_odd('kernel_size', [kernel_size])
        if not channels or len(channels) != len(strides):
            raise ValueError(
                'conv_channels and conv_strides must be as long as each other '
                f'and not empty, got {list(channels)} and {list(strides)}'
            )
        self.conv_dims = conv_dims
        pairs = [(s, s) if isinstance(s, int) else tuple(s) for s in strides]
        self.strides = tuple(time for time, _ in pairs)
        width, features = (
            (in_channels, 1) if conv_dims == 1 else (1, in_channels)
        )
        self.blocks = nn.ModuleList()
        for out_width, (time, across) in zip(channels, pairs, strict=True):
            check_positive(
                conv_channels=out_width, conv_strides=min(time, across)
            )
            self.blocks.append(
                ConvBlock(
                    width, out_width, kernel_size, (time, across), conv_dims
                )
            )
            features = math.ceil(features / across)
            width = out_width
        self.out_channels = width * features

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Shorten a sequence.

        Args:
            x (Tensor): float ``[B, T, F]``.
            mask (Tensor): bool ``[B, T]``, True for real steps.

        Returns:
            tuple[Tensor, Tensor]: float ``[B, T', C]`` and bool ``[B, T']``.
        """
        x = x.unsqueeze(2) if self.conv_dims == 1 else x.unsqueeze(3)
        for block, stride in zip(self.blocks, self.strides, strict=True):
            x = block(_hide(x, mask))
            mask = mask[:, ::stride]
        return _hide(x, mask).flatten(2), mask


def _hide(x: Tensor, mask: Tensor) -> Tensor:
    return x.masked_fill(~mask[:, :, None, None], 0)


class ConvBlock(nn.Module):
    """Convolution, normalisation of each step by itself, GELU.

    Channels come last throughout: then a step is one stretch of memory, and
    nothing is copied to normalise it.

    Args:
        in_channels (int): Channels in.
        out_channels (int): Channels out.
        kernel_size (int): Odd kernel length.
        stride (tuple[int, int]): Strides over time and features.
        conv_dims (int): 2 for time and features, 1 for time alone.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: tuple[int, int],
        conv_dims: int,
    ) -> None:
        super().__init__()
        both = conv_dims == 2
        self.conv = nn.Conv2d(
            in_channels,
            out_channels,
            (kernel_size, kernel_size if both else 1),
            (stride[0], stride[1] if both else 1),
            (kernel_size // 2, kernel_size // 2 if both else 0),
        ).to(memory_format=torch.channels_last)
        self.weight = nn.Parameter(torch.ones(out_channels))
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Apply to ``x`` (float ``[B, T, F, C]``), ``[B, T', F', C']``."""
        x = self.conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        step = x.shape[2:]
        weight, bias = self.weight.expand(step), self.bias.expand(step)
        return F.gelu(F.layer_norm(x, step, weight, bias, NORM_EPS))
