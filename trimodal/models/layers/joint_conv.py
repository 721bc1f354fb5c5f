"""Convolutions over time for each joint, among the real steps of sequences.

Shape letters: see :mod:`trimodal.structures.streams`; M real steps of all
sequences together.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.layers.checks import (
    check_multiple,
    check_odd,
    check_positive,
)
from trimodal.models.layers.conv_subsampling import NORMS
from trimodal.models.layers.steps import put_real, take_real


class RealNorm(nn.Module):
    """Normalises the real steps of all sequences.

    Args:
        channels (int): Channels.
        norm (str): ``'batch'``: each channel over all real steps and joints;
            ``'layer'``: each step over its joints and channels.
    """

    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        self.norm = NORMS[norm](channels)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise ``x`` (float ``[M, V, C]``)."""
        every = torch.ones(1, len(x), dtype=torch.bool, device=x.device)
        return self.norm(x.unsqueeze(0), every).squeeze(0)


class JointConv(nn.Conv2d):
    """Convolution over time, every joint by itself, with a stride.

    Args:
        in_channels (int): Channels in.
        out_channels (int): Channels out.
        kernel_size (int): Odd length.
        stride (int): How many steps become one. Defaults to 1.
        dilation (int): Steps between those that count. Defaults to 1.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        dilation: int = 1,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            (kernel_size, 1),
            (stride, 1),
            (kernel_size // 2 * dilation, 0),
            (dilation, 1),
        )
        # Channels come last throughout: then nothing is copied.
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve float ``[B, T, V, C]`` to ``[B, T', V, C']``."""
        return super().forward(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


class TemporalConv(nn.Module):
    """One convolution over time: that of ST-GCN.

    Args:
        in_channels (int): Channels in.
        out_channels (int): Channels out.
        stride (int): How many steps become one.
        norm (str): ``'batch'`` or ``'layer'``.
        kernel_size (int): Odd length, in steps. Defaults to 9.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int,
        norm: str,
        kernel_size: int = 9,
    ) -> None:
        super().__init__()
        check_odd('kernel_size', [kernel_size])
        self.conv = JointConv(in_channels, out_channels, kernel_size, stride)
        self.norm = RealNorm(out_channels, norm)

    def forward(self, x: Tensor, mask: Tensor, strided: Tensor) -> Tensor:
        """Convolve.

        Args:
            x (Tensor): float ``[M, V, C]``, the real steps.
            mask (Tensor): bool ``[B, T]``, where they are.
            strided (Tensor): bool ``[B, T']``, the real steps that remain.

        Returns:
            Tensor: float ``[M', V, C']``.
        """
        return self.norm(take_real(self.conv(put_real(x, mask)), strided))


class MultiBranchTemporalConv(nn.Module):
    """Several dilated convolutions over time, side by side: ST-GCN++'s.

    From `PYSKL <https://arxiv.org/abs/2205.09443>`_: each branch first mixes
    channels down to its share; then one branch for each dilation convolves,
    one takes the maximum over three steps, one passes; a last linear layer
    mixes them.

    Args:
        in_channels (int): Channels in.
        out_channels (int): Channels out.
        stride (int): How many steps become one.
        norm (str): ``'batch'`` or ``'layer'``.
        kernel_size (int): Odd length of each branch. Defaults to 3.
        dilations (Sequence[int]): Dilation of each. Defaults to (1, 2, 3,
            4).

    Raises:
        ValueError: If there is no dilation, a number is not positive, the
            kernel is even, or there are fewer channels than branches.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int,
        norm: str,
        kernel_size: int = 3,
        dilations: Sequence[int] = (1, 2, 3, 4),
    ) -> None:
        super().__init__()
        check_odd('kernel_size', [kernel_size])
        if not dilations:
            raise ValueError('dilations must not be empty')
        check_positive(dilations=min(dilations))
        share, rest = divmod(out_channels, len(dilations) + 2)
        check_multiple('channels', share, 1, 'a channel for each branch')
        self.stride = stride
        # The first branch takes what does not divide.
        self.shares = [share + rest, *[share] * (len(dilations) + 1)]
        self.normed = out_channels - share
        self.first = nn.Linear(in_channels, out_channels)
        self.first_norm = RealNorm(self.normed, norm)
        self.convs = nn.ModuleList(
            JointConv(width, width, kernel_size, stride, dilation)
            for width, dilation in zip(self.shares, dilations, strict=False)
        )
        self.mixed_norm = RealNorm(out_channels, norm)
        self.mix = nn.Linear(out_channels, out_channels)
        self.norm = RealNorm(out_channels, norm)

    def forward(self, x: Tensor, mask: Tensor, strided: Tensor) -> Tensor:
        """Convolve; see :meth:`TemporalConv.forward`."""
        x = self.first(x)
        passed = x[..., self.normed :]
        x = self.first_norm(x[..., : self.normed]).relu()
        x = put_real(torch.cat([x, passed.to(x.dtype)], dim=-1), mask)
        *convolved, pooled, passed = x.split(self.shares, dim=-1)
        branches = [
            conv(part)
            for conv, part in zip(self.convs, convolved, strict=True)
        ]
        branches += [self._maximum(pooled), passed[:, :: self.stride]]
        joined = take_real(torch.cat(branches, dim=-1), strided)
        return self.norm(self.mix(self.mixed_norm(joined).relu()))

    def _maximum(self, x: Tensor) -> Tensor:
        # What is real is not below zero, so the zeros elsewhere are no harm.
        x = x.permute(0, 3, 1, 2)
        x = F.max_pool2d(x, (3, 1), (self.stride, 1), (1, 0))
        return x.permute(0, 2, 3, 1)
