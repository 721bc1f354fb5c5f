"""SpecAugment for a padded batch, without a loop."""

import torch
from torch import Tensor, nn

from trimodal.models.layers.checks import check_probability
from trimodal.registry import MODELS


@MODELS.register_module()
class SpecAugment(nn.Module):
    """Blanks stretches of time and bands of frequency with zeros.

    From `SpecAugment: A Simple Data Augmentation Method for Automatic Speech
    Recognition <https://arxiv.org/abs/1904.08779>`_. Each stretch lies inside
    the sample's own length, and is at most ``max_time_share`` of it. Zero is
    the mean of normalised features. Draws come from torch's global generator.

    Args:
        num_time_masks (int): Stretches of time a sample. Defaults to 2.
        time_width (int): Largest length of a stretch, in frames. Defaults to
            20.
        max_time_share (float): Largest share of a sample that one stretch
            covers. Defaults to 0.2.
        num_freq_masks (int): Bands a sample. Defaults to 2.
        freq_width (int): Largest width of a band, in mel bins. Defaults to
            15.

    Raises:
        ValueError: If a number is negative or ``max_time_share`` lies outside
            [0, 1].
    """

    def __init__(
        self,
        num_time_masks: int = 2,
        time_width: int = 20,
        max_time_share: float = 0.2,
        num_freq_masks: int = 2,
        freq_width: int = 15,
    ) -> None:
        super().__init__()
        check_probability(max_time_share=max_time_share)
        self.num_time_masks = num_time_masks
        self.time_width = time_width
        self.max_time_share = max_time_share
        self.num_freq_masks = num_freq_masks
        self.freq_width = freq_width
        for name, value in vars(self).items():
            if isinstance(value, int) and value < 0:
                raise ValueError(f'{name} must be >= 0, got {value}')

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Blank parts of a batch of spectrograms.

        Args:
            x (Tensor): float ``[B, T, F]``.
            mask (Tensor): bool ``[B, T]``, True for real frames, which come
                first in every row.

        Returns:
            Tensor: float ``[B, T, F]``.
        """
        lengths = mask.sum(1)
        widest = (lengths * self.max_time_share).clamp(max=self.time_width)
        time = _stretches(lengths, widest, x.shape[1], self.num_time_masks)
        bins = torch.full_like(lengths, x.shape[2])
        widest = bins.clamp(max=self.freq_width)
        freq = _stretches(bins, widest, x.shape[2], self.num_freq_masks)
        return x.masked_fill(time.unsqueeze(2) | freq.unsqueeze(1), 0)


def _stretches(
    lengths: Tensor, widest: Tensor, size: int, count: int
) -> Tensor:
    """Bool ``[B, size]``: ``count`` random stretches inside ``lengths``."""
    draws = torch.rand(2, len(lengths), count, 1, device=lengths.device)
    # The + 1 makes the largest width as likely as any other.
    width = (draws[0] * (widest.floor().view(-1, 1, 1) + 1)).floor()
    start = (draws[1] * (lengths.view(-1, 1, 1) - width + 1)).floor()
    index = torch.arange(size, device=lengths.device)
    return ((index >= start) & (index < start + width)).any(1)
