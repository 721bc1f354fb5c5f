"""A convolutional front end that shortens a feature sequence.

Shape letters: see :mod:`trimodal.structures.streams`; F features of a frame.
"""

import math
from collections.abc import Sequence

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
        strides (Sequence[int]): Stride of each convolution.
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
        strides: Sequence[int],
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
        self.strides = tuple(strides)
        self.convs = nn.ModuleList()
        self.norms = nn.ModuleList()
        self.activation = nn.GELU()
        width, features = (
            (in_channels, 1) if conv_dims == 1 else (1, in_channels)
        )
        conv_type = nn.Conv1d if conv_dims == 1 else nn.Conv2d
        for out_width, stride in zip(channels, strides, strict=True):
            check_positive(conv_channels=out_width, conv_strides=stride)
            self.convs.append(
                conv_type(
                    width, out_width, kernel_size, stride, kernel_size // 2
                )
            )
            features = math.ceil(features / stride)
            width = out_width
            self.norms.append(nn.GroupNorm(1, width, eps=NORM_EPS))
        self.out_channels = width * features

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Shorten a sequence.

        Args:
            x (Tensor): float ``[B, T, F]``.
            mask (Tensor): bool ``[B, T]``, True for real steps.

        Returns:
            tuple[Tensor, Tensor]: float ``[B, T', C]`` and bool ``[B, T']``.
        """
        # [B, C, T] or [B, C, T, F]
        x = x.transpose(1, 2) if self.conv_dims == 1 else x.unsqueeze(1)
        for conv, norm, stride in zip(
            self.convs, self.norms, self.strides, strict=True
        ):
            x = conv(_hide(x, mask))
            mask = mask[:, ::stride]
            x = self.activation(_normalise_steps(x, norm))
        x = _hide(x, mask).transpose(1, 2)
        return x.flatten(2), mask


def _hide(x: Tensor, mask: Tensor) -> Tensor:
    shape = (len(mask), 1, mask.shape[1]) + (1,) * (x.dim() - 3)
    return x.masked_fill(~mask.view(shape), 0)


def _normalise_steps(x: Tensor, norm: nn.Module) -> Tensor:
    """Apply ``norm`` to each time step of ``x`` by itself."""
    steps = x.transpose(1, 2)
    return norm(steps.flatten(0, 1)).view_as(steps).transpose(1, 2)
