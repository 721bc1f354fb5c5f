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
from trimodal.models.layers.masked_batch_norm import MaskedBatchNorm
from trimodal.models.layers.transformer import NORM_EPS


class ConvSubsampling(nn.Module):
    """Convolution, normalisation, GELU: several times, with strides.

    With ``conv_dims=2`` a frame's features are an axis to convolve over (as
    frequency is), strided like time; with 1 they are the first channels.

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
        norm (str): ``'layer'`` normalises each step by itself, over its
            channels and features; ``'batch'`` each channel over the real
            steps of the batch, which may do better where data is scarce.
            Defaults to ``'layer'``.

    Raises:
        ValueError: If ``channels`` is empty or not as long as ``strides``, a
            number is not positive, ``kernel_size`` is even, or ``conv_dims``
            or ``norm`` is none of the values named here.
    """

    def __init__(
        self,
        in_channels: int,
        channels: Sequence[int],
        strides: Sequence[int | Sequence[int]],
        kernel_size: int = 3,
        conv_dims: int = 2,
        norm: str = 'layer',
    ) -> None:
        super().__init__()
        check_choice('conv_dims', conv_dims, (1, 2))
        check_choice('conv_norm', norm, NORMS)
        check_odd('kernel_size', [kernel_size])
        if not channels or len(channels) != len(strides):
            raise ValueError(
                'conv_channels and conv_strides must be as long as each other '
                f'and not empty, got {list(channels)} and {list(strides)}'
            )
        self.conv_dims = conv_dims
        both = conv_dims == 2
        width, features = (1, in_channels) if both else (in_channels, 1)
        kernel = (kernel_size, kernel_size if both else 1)
        pairs = [(s, s) if isinstance(s, int) else tuple(s) for s in strides]
        self.strides = tuple(time for time, _ in pairs)
        self.blocks = nn.ModuleList()
        for out_width, (time, across) in zip(channels, pairs, strict=True):
            check_positive(
                conv_channels=out_width, conv_strides=min(time, across)
            )
            stride = (time, across if both else 1)
            self.blocks.append(
                ConvBlock(width, out_width, kernel, stride, norm)
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
            hidden, mask = hide(x, mask), every_step(mask, stride)
            x = block(hidden, mask)
        return hide(x, mask).flatten(2), mask


def hide(x: Tensor, mask: Tensor) -> Tensor:
    """Set ``x`` (float ``[B, T, F, C]``) to zero where ``mask`` is False."""
    return x.masked_fill(~mask[:, :, None, None], 0)


def every_step(mask: Tensor, stride: int) -> Tensor:
    """The mask (bool ``[B, T]``) of every ``stride``-th step."""
    # A copy: of a view, compiled code would ask whether T is even.
    return mask[:, ::stride].contiguous()


class StepNorm(nn.LayerNorm):
    """Layer normalisation of each step, with weights for its channels.

    Args:
        num_features (int): Channels.
    """

    def __init__(self, num_features: int) -> None:
        super().__init__(num_features, eps=NORM_EPS)

    def forward(  # type: ignore[override]
        self, x: Tensor, mask: Tensor
    ) -> Tensor:
        """Normalise ``x`` (float ``[B, T, F, C]``) over ``F`` and ``C``."""
        step = x.shape[2:]
        weight, bias = self.weight.expand(step), self.bias.expand(step)
        return F.layer_norm(x, step, weight, bias, self.eps)


NORMS = {'layer': StepNorm, 'batch': MaskedBatchNorm}


class ConvBlock(nn.Module):
    """Convolution, normalisation, GELU.

    Channels come last throughout: then a step is one stretch of memory, and
    nothing is copied to normalise it.

    Args:
        in_channels (int): Channels in.
        out_channels (int): Channels out.
        kernel_size (tuple[int, int]): Odd lengths over time and features.
        stride (tuple[int, int]): Strides over time and features.
        norm (str): ``'layer'`` or ``'batch'``.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, int],
        stride: tuple[int, int],
        norm: str,
    ) -> None:
        super().__init__()
        padding = (kernel_size[0] // 2, kernel_size[1] // 2)
        self.conv = nn.Conv2d(
            in_channels, out_channels, kernel_size, stride, padding
        ).to(memory_format=torch.channels_last)
        self.norm = NORMS[norm](out_channels)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Apply.

        Args:
            x (Tensor): float ``[B, T, F, C]``, zero where not real.
            mask (Tensor): bool ``[B, T']``, the real steps of the result.

        Returns:
            Tensor: float ``[B, T', F', C']``; masked steps hold no meaning.
        """
        x = self.conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return F.gelu(self.norm(x, mask))
