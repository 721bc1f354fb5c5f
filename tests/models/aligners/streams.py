"""Small streams for the tests of the temporal aligners."""

import torch

from trimodal.structures import Tokens


def stream(x: torch.Tensor, masks: list[list[int]]) -> Tokens:
    """A stream of ``x`` (``[B, T, C]``) where ``masks`` are 1."""
    mask = torch.tensor(masks, dtype=torch.bool)
    return Tokens(x, mask, mask.any(1)).with_x(x)


def ramp(*lengths: int, size: int = 0, over: float = 1.0) -> Tokens:
    """A stream that tells the time: ``over`` times each step's share."""
    size = size or max(*lengths, 1)
    steps = torch.arange(size)
    lengths = torch.tensor(lengths).unsqueeze(1)
    x = (steps + 0.5) / lengths.clamp(min=1) * over
    mask = steps < lengths
    return Tokens(x.unsqueeze(2), mask, mask.any(1)).with_x(x.unsqueeze(2))
