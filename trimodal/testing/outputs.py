"""What parts give, seen as lists of tensors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from trimodal.models.aligners.base import BaseAligner
from trimodal.structures import Fused, Tokens

Streams = Tokens | Fused | Mapping[str, Tokens]


@dataclass(frozen=True)
class Output:
    """What a part gave for a batch.

    Args:
        streams (Tokens | Fused | Mapping[str, Tokens]): What it passes on.
        losses (dict[str, Tensor]): What it asks for in training.
    """

    streams: Streams
    losses: dict[str, Tensor] = field(default_factory=dict)


class Whole(nn.Module):
    """A part with its losses as one module, for ``DistributedDataParallel``.

    Args:
        part (nn.Module): An encoder, aligner or fusion.
    """

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, batch: Any) -> Output:
        """Run the part, and compute its losses."""
        streams = self.part(batch)
        if isinstance(streams, Output):
            return streams
        if isinstance(self.part, BaseAligner):
            return Output(streams, self.part.loss(streams))
        if isinstance(streams, Fused):
            return Output(streams, dict(streams.losses))
        return Output(streams)


def real_parts(streams: Streams, row: int) -> list[Tensor]:
    """What sample ``row`` got, without its padding."""
    if isinstance(streams, Tokens):
        return [streams.x[row][streams.mask[row]], streams.present[row]]
    if isinstance(streams, Fused):
        return [
            streams.tokens[row][streams.mask[row]],
            streams.pooled[row],
            streams.weights[row],
        ]
    return [part for s in streams.values() for part in real_parts(s, row)]


def floats(streams: Streams) -> list[Tensor]:
    """Everything that carries a gradient."""
    if isinstance(streams, Tokens):
        return [streams.x]
    if isinstance(streams, Fused):
        return [streams.tokens, streams.pooled]
    return [part for s in streams.values() for part in floats(s)]


def assert_masked_zero(streams: Streams) -> None:
    """Masked steps are zero, and absent rows have no real step."""
    if isinstance(streams, Mapping):
        for tokens in streams.values():
            assert_masked_zero(tokens)
        return
    x = streams.x if isinstance(streams, Tokens) else streams.tokens
    assert not x[~streams.mask].any(), 'masked steps must be zero'
    if isinstance(streams, Tokens):
        assert not streams.mask[~streams.present].any(), (
            'an absent sample must have no real step'
        )
        cells = sum(height * width for height, width in streams.grids)
        assert cells <= x.shape[1], 'grids have more cells than there are'


def backward(output: Output) -> None:
    """Send random gradients back through all of an output."""
    # Random directions: the sum of a normalised vector would have no slope.
    generator = torch.Generator().manual_seed(2)
    total = torch.zeros(())
    for part in floats(output.streams):
        direction = torch.randn(part.shape, generator=generator)
        total = total + (part.float() * direction).sum()
    for loss in output.losses.values():
        if loss.requires_grad:
            total = total + loss.float().sum()
    if total.requires_grad:  # a part may have nothing to learn
        total.backward()


def assert_finite_gradients(module: nn.Module) -> None:
    """Every trainable parameter has a gradient, and it is finite."""
    for name, parameter in module.named_parameters():
        if not parameter.requires_grad:
            continue
        assert parameter.grad is not None, (
            f'{name} is left out of the graph: a process whose batch lacks '
            'the modality would wait for it forever'
        )
        assert parameter.grad.isfinite().all(), f'{name}: not finite'
