"""Convolution over time with kernels of several lengths."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from trimodal.models.layers.checks import check_multiple, check_odd
from trimodal.models.layers.transformer import NORM_EPS, ResidualBranch


class MultiKernelTemporalConv(nn.Module):
    """Parallel convolutions over time, side by side, around a residual.

    In the manner of the multi-scale temporal convolution of `Disentangling
    and Unifying Graph Convolutions <https://arxiv.org/abs/2003.14111>`_:
    normalise, convolve with each kernel to a share of the channels, GELU, add.
    Masked steps are zero before the convolution, as if the sequence ended
    there.

    Args:
        embed_dims (int): Channels in and out.
        kernel_sizes (Sequence[int]): Odd lengths, in steps. Defaults to
            (3, 5, 7).
        dropout (float): Dropout of the branch. Defaults to 0.0.
        drop_path (float): Stochastic depth of the branch. Defaults to 0.0.

    Raises:
        ValueError: If a kernel is even, or there are more kernels than
            channels.
    """

    def __init__(
        self,
        embed_dims: int,
        kernel_sizes: Sequence[int] = (3, 5, 7),
        dropout: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        check_odd('kernel_sizes', kernel_sizes)
        share, rest = divmod(embed_dims, len(kernel_sizes))
        check_multiple('embed_dims', max(share, 0), 1, 'a channel a kernel')
        self.norm = nn.LayerNorm(embed_dims, eps=NORM_EPS)
        self.convs = nn.ModuleList(
            nn.Conv1d(
                embed_dims, share + (index < rest), size, padding=size // 2
            )
            for index, size in enumerate(kernel_sizes)
        )
        self.activation = nn.GELU()
        self.branch = ResidualBranch(embed_dims, dropout, drop_path)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Convolve over time.

        Args:
            x (Tensor): float ``[B, T, C]``.
            mask (Tensor): bool ``[B, T]``, True for real steps.

        Returns:
            Tensor: float ``[B, T, C]``; masked steps hold no meaning.
        """
        y = self.norm(x).masked_fill(~mask.unsqueeze(-1), 0).transpose(1, 2)
        y = torch.cat([conv(y) for conv in self.convs], dim=1).transpose(1, 2)
        return x + self.branch(self.activation(y))
