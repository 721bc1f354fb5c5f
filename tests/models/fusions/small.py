"""Small fusions and streams, for the tests of this folder."""

import torch
import torch.nn.functional as F
from torch import Tensor

from trimodal.models import BaseFusion
from trimodal.structures import Tokens
from trimodal.testing import stack_streams, stream_samples

WIDTHS = {'a': 4, 'b': 5, 'c': 6}
WIDTH = 8


def make(
    fusion: type[BaseFusion], names: str = 'abc', **changes
) -> BaseFusion:
    """A fusion in evaluation, its biases not zero."""
    widths = {name: WIDTHS[name] for name in names}
    settings = {'out_channels': WIDTH, **changes}
    made = fusion(tuple(names), widths, **settings).eval()
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if name.endswith('bias'):
                parameter.normal_()
    return made


def given() -> dict[str, Tokens]:
    """Every subset of three streams, padded, and a row with nothing."""
    return stack_streams([*stream_samples(WIDTHS), _nothing()], spare=2)


def _nothing() -> dict[str, Tokens]:
    mask = torch.zeros(1, 1, dtype=torch.bool)
    return {
        name: Tokens(torch.zeros(1, 1, width), mask, mask[:, 0])
        for name, width in WIDTHS.items()
    }


def real(stream: Tokens, row: int) -> Tensor:
    """The real steps of a sample, float ``[T, C]``."""
    return stream.x[row][stream.mask[row]]


def norm(x: Tensor, layer: torch.nn.LayerNorm | None = None) -> Tensor:
    """Layer normalisation, by hand of the parameters of ``layer``."""
    weight, bias = (layer.weight, layer.bias) if layer else (None, None)
    return F.layer_norm(x, x.shape[-1:], weight, bias, 1e-6)


def projected(fusion: BaseFusion, name: str, x: Tensor) -> Tensor:
    """Linear layer, normalisation and GELU of a modality."""
    linear, layer_norm, _ = fusion.projections[name]
    return F.gelu(norm(linear(x), layer_norm))


def means(
    fusion: BaseFusion, streams: dict[str, Tokens], row: int
) -> dict[str, Tensor]:
    """The mean of the projected steps of what a sample has."""
    return {
        name: projected(fusion, name, real(stream, row)).mean(0)
        for name, stream in streams.items()
        if stream.present[row]
    }
