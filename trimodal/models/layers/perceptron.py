"""The layers of a head without attention."""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from trimodal.models.layers.checks import check_positive
from trimodal.models.layers.transformer import init_transformer


def perceptron(widths: Sequence[int], dropout: float = 0.0) -> nn.Sequential:
    """Linear layers with dropout before each, and GELU between.

    Args:
        widths (Sequence[int]): Channels before, between and after them.
        dropout (float): Dropout before each. Defaults to 0.0.

    Returns:
        nn.Sequential: The layers.

    Raises:
        ValueError: If a width between them is not positive.
    """
    layers: list[nn.Module] = []
    for index, (width, after) in enumerate(pairwise(widths)):
        check_positive(hidden_channels=after)
        layers += [nn.GELU()] if index else []
        layers += [nn.Dropout(dropout), nn.Linear(width, after)]
    return nn.Sequential(*layers).apply(init_transformer)
