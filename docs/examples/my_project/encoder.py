"""From a batch of readings to a sequence of features."""

import torch.nn.functional as F
from torch import nn

from trimodal.models import BaseEncoder
from trimodal.registry import MODELS
from trimodal.structures import Tokens


@MODELS.register_module()
class ImuEncoder(BaseEncoder):
    """A convolution over time.

    Args:
        out_channels (int): Channels of the tokens.
        kernel_size (int): Odd. Defaults to 5.
    """

    def __init__(self, out_channels: int, kernel_size: int = 5) -> None:
        super().__init__(out_channels)
        pad = kernel_size // 2
        self.conv = nn.Conv1d(6, out_channels, kernel_size, padding=pad)
        self.norm = nn.LayerNorm(out_channels)

    def forward(self, x):
        y = self.conv(x.data.transpose(1, 2)).transpose(1, 2)
        tokens = Tokens(x.data, x.mask, x.present)
        return tokens.with_x(F.gelu(self.norm(y)))
