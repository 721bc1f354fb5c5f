"""A residual block of convolutions over time.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trimodal.models.layers.checks import check_choice, check_odd
from trimodal.models.layers.conv_subsampling import NORMS, every_step, hide
from trimodal.models.layers.transformer import ResidualBranch


class TimeConv(nn.Module):
    """Convolution over time and normalisation.

    Args:
        in_channels (int): Channels in.
        out_channels (int): Channels out.
        kernel_size (int): Odd length, in steps.
        stride (int): Steps of the input for one of the output.
        norm (str): ``'layer'`` or ``'batch'``.
        separable (bool): Whether to look along time channel by channel, and
            mix the channels of a step afterwards.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int,
        norm: str,
        separable: bool = False,
    ) -> None:
        super().__init__()
        check_choice('norm', norm, NORMS)
        check_odd('kernel_size', [kernel_size])
        width = in_channels if separable else out_channels
        conv = nn.Conv2d(
            in_channels,
            width,
            (kernel_size, 1),
            (stride, 1),
            (kernel_size // 2, 0),
            groups=in_channels if separable else 1,
            bias=False,
        )
        self.conv = conv.to(memory_format=torch.channels_last)
        self.mix = (
            nn.Linear(width, out_channels, bias=False)
            if separable
            else nn.Identity()
        )
        self.norm = NORMS[norm](out_channels)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Apply.

        Args:
            x (Tensor): float ``[B, T, 1, C]``, zero where not real.
            mask (Tensor): bool ``[B, T']``, the real steps of the result.

        Returns:
            Tensor: float ``[B, T', 1, C']``; masked steps hold no meaning.
        """
        x = self.conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return self.norm(self.mix(x), mask)


class ResidualConv(nn.Module):
    """Two convolutions over time beside a shortcut.

    From `Temporal Convolution for Real-time Keyword Spotting on Mobile
    Devices <https://arxiv.org/abs/1904.03814>`_ (TC-ResNet), with GELU for
    ReLU; ``separable`` convolutions are those of `MatchboxNet
    <https://arxiv.org/abs/2004.08531>`_. Masked steps are zero before every
    convolution, as if the sequence ended there.

    Args:
        in_channels (int): Channels in.
        out_channels (int): Channels out.
        kernel_size (int): Odd length of both kernels, in steps. Defaults to
            9.
        stride (int): Stride of the first convolution. Defaults to 1.
        norm (str): ``'layer'`` normalises each step by itself, ``'batch'``
            each channel over the real steps of the batch. Defaults to
            ``'batch'``.
        separable (bool): Whether convolutions are depthwise separable.
            Defaults to False.
        dropout (float): Dropout of the branch. Defaults to 0.0.
        drop_path (float): Stochastic depth of the branch. Defaults to 0.0.

    Raises:
        ValueError: If ``norm`` is unknown, ``kernel_size`` even, or a
            probability lies outside [0, 1].
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 9,
        stride: int = 1,
        norm: str = 'batch',
        separable: bool = False,
        dropout: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.stride = stride
        self.conv1 = TimeConv(
            in_channels, out_channels, kernel_size, stride, norm, separable
        )
        self.conv2 = TimeConv(
            out_channels, out_channels, kernel_size, 1, norm, separable
        )
        self.branch = ResidualBranch(out_channels, dropout, drop_path)
        self.shortcut = None
        if stride > 1 or in_channels != out_channels:
            self.shortcut = TimeConv(
                in_channels, out_channels, 1, stride, norm
            )

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Convolve over time.

        Args:
            x (Tensor): float ``[B, T, 1, C]``, zero where not real.
            mask (Tensor): bool ``[B, T]``, True for real steps.

        Returns:
            tuple[Tensor, Tensor]: float ``[B, T', 1, C']``, zero where not
            real, and bool ``[B, T']``.
        """
        mask = every_step(mask, self.stride)
        y = hide(F.gelu(self.conv1(x, mask)), mask)
        y = self.branch(self.conv2(y, mask))
        x = x if self.shortcut is None else self.shortcut(x, mask)
        return hide(F.gelu(x + y), mask), mask
