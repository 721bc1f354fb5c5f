"""With gradient checkpointing: the same numbers out of less memory.

Each part that takes ``with_cp``: tests/models/test_with_cp.py.
"""

from typing import Any

import pytest
import torch
from torch import nn

from benchmarks.measuring import peak_memory
from trimodal.models import BaseEncoder, Conformer
from trimodal.models.layers import (
    CrossmodalTransformer,
    MaskedBatchNorm,
    TransformerDecoder,
    TransformerEncoder,
)
from trimodal.models.layers.checkpointing import recomputing, run_layer
from trimodal.structures import ModalityInput


def peak(module: nn.Module, *inputs: Any, seed: int = 0) -> int:
    def run() -> None:
        torch.manual_seed(seed)
        module(*inputs).sum().backward()

    run()  # the gradients are there afterwards
    return peak_memory(run)


@pytest.mark.parametrize(
    ('kind', 'sources'),
    [
        (TransformerEncoder, 0),
        (CrossmodalTransformer, 1),
        (TransformerDecoder, 1),
    ],
)
def test_needs_less_memory(kind: Any, sources: int):
    given = [torch.randn(2, 96, 32) for _ in range(1 + sources)]
    given += [torch.ones(2, 96, dtype=torch.bool)]
    plain, saving = (
        peak(kind(6, 32, 2, 128, dropout=0.1, with_cp=with_cp), *given)
        for with_cp in (False, True)
    )
    # One layer at a time, and what goes into each of six.
    assert saving < 0.45 * plain


def test_encoder_needs_less_memory():
    x = ModalityInput(torch.randn(2, 96, 16), torch.ones(2, 96).bool())

    def measured(with_cp: bool) -> int:
        encoder: BaseEncoder = Conformer(
            16, 32, 6, 2, 64, 5, (4, 4), (1, 1), with_cp=with_cp
        )
        return peak(AsTensor(encoder), x)

    assert measured(True) < 0.6 * measured(False)


class AsTensor(nn.Module):
    """An encoder that gives its tokens as a tensor."""

    def __init__(self, encoder: BaseEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, x: ModalityInput) -> torch.Tensor:
        return self.encoder(x).x


class Counting(nn.Module):
    """Counts how often it runs, and how often for the second time."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.runs: list[bool] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.runs.append(recomputing())
        return self.linear(x).tanh()


def test_runs_again_only_for_gradients():
    layer, x = Counting(), torch.randn(3, 2)
    with torch.no_grad():
        run_layer(layer, x, with_cp=True)
    run_layer(layer, x, with_cp=False).sum().backward()
    assert layer.runs == [False, False]
    run_layer(layer, x, with_cp=True).sum().backward()
    assert layer.runs == [False, False, False, True]
    assert not recomputing()


def test_autocast_holds_the_second_time_too():
    x = torch.randn(4, 5, 8)
    gradients = []
    for with_cp in (False, True):
        torch.manual_seed(0)
        encoder = TransformerEncoder(2, 8, 2, 16, with_cp=with_cp)
        with torch.autocast('cpu', dtype=torch.bfloat16):
            loss = encoder(x).float().square().sum()
        loss.backward()
        gradients.append([p.grad for p in encoder.parameters()])
    for a, b in zip(*gradients, strict=True):
        assert torch.equal(a, b)


def test_running_statistics_move_once():
    norm = MaskedBatchNorm(3)
    x, mask = torch.randn(2, 4, 1, 3), torch.ones(2, 4).bool()
    run_layer(norm, x, mask, with_cp=True).sum().backward()
    assert norm.num_batches_tracked == 1
