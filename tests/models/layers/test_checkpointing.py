"""With gradient checkpointing: the same numbers out of less memory."""

import inspect
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from benchmarks.measuring import peak_memory
from tests.models import cases, cases_heads
from tests.models.contract_cases import contracts_of
from trimodal.models import BaseEncoder, Conformer
from trimodal.models.layers import (
    CrossmodalTransformer,
    MaskedBatchNorm,
    TransformerDecoder,
    TransformerEncoder,
)
from trimodal.models.layers.checkpointing import recomputing, run_layer
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput
from trimodal.testing import Contract, run_distributed
from trimodal.testing.outputs import Whole, backward

ATTENTION = ('MultiheadAttention', 'CachedAttention', 'SelfAttention')


def arguments(contract: Contract) -> set[str]:
    part: Any = MODELS.get(contract.cfg['type'])
    return set(inspect.signature(part).parameters)


def with_chance(contract: Contract, with_cp: bool) -> Contract:
    """The same part with dropout, and checkpointing if asked for."""
    cfg = {**contract.cfg, 'with_cp': with_cp}
    if 'dropout' in arguments(contract):
        cfg['dropout'] = 0.3
    if 'overrides' in cfg:
        cfg['overrides'] = {**cfg['overrides'], 'encoder_dropout': 0.3}
    return replace(contract, cfg=cfg)


ALL = [*contracts_of(cases), *contracts_of(cases_heads)]
CONTRACTS = [c for c in ALL if 'with_cp' in arguments(c)]


def trained(contract: Contract) -> tuple[dict, dict]:
    """Gradients and buffers after a step, and what comes by chance next."""
    module = Whole(contract.build().train())
    batch = contract.batch()
    torch.manual_seed(5)
    backward(module(batch))
    gradients = {n: p.grad for n, p in module.named_parameters()}
    return gradients, dict(module.named_buffers()) | {'rng': torch.rand(3)}


@pytest.mark.parametrize('contract', CONTRACTS, ids=lambda c: c.id)
def test_gradients_are_those_without_it(contract: Contract):
    """With dropout; running statistics and random state are the same too."""
    plain = trained(with_chance(contract, False))
    saving = trained(with_chance(contract, True))
    for ours, theirs in zip(saving, plain, strict=True):
        assert ours.keys() == theirs.keys()
        for name, value in theirs.items():
            if value is None:  # frozen
                assert ours[name] is None
                continue
            torch.testing.assert_close(ours[name], value, rtol=0, atol=0)


@pytest.mark.slow
def test_two_processes():
    """Not all of them: that of every part once."""
    chosen = {c.cfg['type']: c for c in CONTRACTS}
    chosen['Conformer'] = next(c for c in CONTRACTS if 'er-batch' in c.id)
    made = [
        replace(c, cfg={**c.cfg, 'with_cp': True}) for c in chosen.values()
    ]
    faults = run_distributed(made)
    assert not faults, '\n\n'.join(f'{k}: {v}' for k, v in faults.items())


def test_every_part_with_layers_of_attention_can():
    """What has a stack of attention can trade time for memory."""
    missing = [
        contract.id
        for contract in ALL
        # A part around an encoder has what that encoder has.
        if not {'with_cp', 'encoder'} & arguments(contract)
        and stacks(contract.build())
    ]
    assert not missing


def stacks(part: nn.Module) -> bool:
    """Whether there is a list of modules that attend."""
    return any(
        len(module) > 1
        and all(
            any(type(m).__name__ in ATTENTION for m in layer.modules())
            for layer in module
        )
        for module in part.modules()
        if isinstance(module, nn.ModuleList)
    )


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
