"""``with_cp`` of every part that takes it, told to its constructor.

Parts are found by the signature of their constructors.
"""

import functools
import inspect
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from mmengine.registry import Registry
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.modules.module import register_module_forward_hook

from tests.models import cases, cases_heads
from tests.models.contract_cases import contracts_of
from trimodal import registry
from trimodal.registry import MODELS
from trimodal.testing import Contract, run_distributed
from trimodal.testing.outputs import Whole, backward


def arguments(part: Any) -> set[str]:
    return set(inspect.signature(part).parameters)


def of(contract: Contract) -> set[str]:
    return arguments(MODELS.get(contract.cfg['type']))


ALL = [*contracts_of(cases), *contracts_of(cases_heads)]
CONTRACTS = {c.id: c for c in ALL if 'with_cp' in of(c)}
every = pytest.mark.parametrize('name', CONTRACTS)


@dataclass(frozen=True)
class Step:
    """What a training step left behind.

    Args:
        gradients (dict): By parameter.
        state (dict): Buffers, and the random number that comes next.
        ran (Counter): How often each layer of attention ran.
        again (Counter): How often it ran in the backward pass.
        frozen (set): Layers without anything to learn.
        saved (int): Bytes that the forward pass kept for the backward one.
    """

    gradients: dict[str, Tensor | None]
    state: dict[str, Tensor]
    ran: Counter[str]
    again: Counter[str]
    frozen: set[str]
    saved: int


def with_chance(contract: Contract, with_cp: bool) -> Contract:
    """The same part with dropout, and checkpointing if asked for."""
    cfg = {**contract.cfg, 'with_cp': with_cp}
    if 'dropout' in of(contract):
        cfg['dropout'] = 0.3
    if 'overrides' in cfg:
        cfg['overrides'] = {**cfg['overrides'], 'encoder_dropout': 0.3}
    return replace(contract, cfg=cfg)


@functools.cache
def trained(name: str, with_cp: bool) -> Step:
    """A step of a part, always with the same weights and numbers."""
    contract = with_chance(CONTRACTS[name], with_cp)
    module = Whole(contract.build().train())
    batch = contract.batch()
    layers = dict(attending(module))
    runs = (Runs(layers), Runs(layers))
    saved = 0

    def keep(tensor: Tensor) -> Tensor:
        nonlocal saved
        saved += tensor.nbytes
        return tensor

    torch.manual_seed(5)
    with runs[0], saved_tensors_hooks(keep, lambda tensor: tensor):
        output = module(batch)
    with runs[1]:
        backward(output)
    return Step(
        {n: p.grad for n, p in module.named_parameters()},
        dict(module.named_buffers()) | {'rng': torch.rand(3)},
        runs[0].of_layers(),
        runs[1].of_layers(),
        {n for n, layer in layers.items() if not learns(layer)},
        saved,
    )


def learns(layer: nn.Module) -> bool:
    return any(p.requires_grad for p in layer.parameters())


def attending(part: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The items of lists of which each attends, by name."""
    for name, stack in part.named_modules():
        if isinstance(stack, nn.ModuleList) and all(map(attends, stack)):
            for index, layer in enumerate(stack):
                yield f'{name}.{index}', layer


def attends(layer: nn.Module) -> bool:
    return any(type(m).__name__.endswith('Attention') for m in layer.modules())


class Runs:
    """Counts what runs inside of it.

    Args:
        layers (dict): What to count for.
    """

    def __init__(self, layers: dict[str, nn.Module]) -> None:
        self.layers = layers
        self.counts: Counter[nn.Module] = Counter()

    def __enter__(self) -> None:
        self.handle = register_module_forward_hook(
            lambda module, *_: self.counts.update([module])
        )

    def __exit__(self, *_: object) -> None:
        self.handle.remove()

    def of_layers(self) -> Counter[str]:
        """By what ran most in each: torch stops in the middle of the last."""
        return Counter(
            {
                name: max(self.counts[m] for m in layer.modules())
                for name, layer in self.layers.items()
            }
        )


def test_every_registered_part_is_tried():
    found = set()
    for parts in vars(registry).values():
        if isinstance(parts, Registry):
            parts.import_from_location()
            for name, part in parts.module_dict.items():
                if isinstance(part, type) and 'with_cp' in arguments(part):
                    found.add(name)
    assert len(found) >= 13
    assert found == {c.cfg['type'] for c in CONTRACTS.values()}


def test_every_part_with_layers_of_attention_can():
    """What has a stack of attention can trade time for memory."""
    missing = [
        contract.id
        for contract in ALL
        # A part around an encoder has what that encoder has.
        if not {'with_cp', 'encoder'} & of(contract)
        and len(dict(attending(contract.build()))) > 1
    ]
    assert not missing


@every
def test_every_layer_runs_again_for_its_gradients(name: str):
    """As often as it ran; without ``with_cp`` none does."""
    plain, saving = trained(name, False), trained(name, True)
    assert plain.ran.keys() - plain.frozen
    assert min(plain.ran.values()) > 0
    assert not +plain.again
    assert saving.ran == plain.ran
    missing = {
        layer: (saving.ran[layer], saving.again[layer])
        for layer in saving.ran.keys() - saving.frozen
        if saving.again[layer] != saving.ran[layer]
    }
    assert not missing


@every
def test_less_is_kept_for_the_backward_pass(name: str):
    assert trained(name, True).saved < 0.8 * trained(name, False).saved


@every
def test_gradients_are_those_without_it(name: str):
    """With dropout; running statistics and random state are the same too."""
    plain, saving = trained(name, False), trained(name, True)
    assert any(g is not None for g in plain.gradients.values())
    for ours, theirs in (
        (saving.gradients, plain.gradients),
        (saving.state, plain.state),
    ):
        assert ours.keys() == theirs.keys()
        for key, value in theirs.items():
            if value is None:  # frozen
                assert ours[key] is None
                continue
            torch.testing.assert_close(ours[key], value, rtol=0, atol=0)


@pytest.mark.slow
def test_two_processes():
    """Not all of them: that of every part once."""
    chosen = {c.cfg['type']: c for c in CONTRACTS.values()}
    batch = next(c for c in CONTRACTS.values() if 'er-batch' in c.id)
    chosen['Conformer'] = batch
    made = [
        replace(c, cfg={**c.cfg, 'with_cp': True}) for c in chosen.values()
    ]
    faults = run_distributed(made)
    assert not faults, '\n\n'.join(f'{k}: {v}' for k, v in faults.items())
