"""What every encoder, aligner and fusion must hold to.

A part gets the whole suite for one line, a :class:`Contract`::

    CONTRACTS = [Contract({'type': 'MyFusion', ...}, streams, 'mine')]

    @pytest.mark.parametrize('check', CHECKS)
    @pytest.mark.parametrize('contract', CONTRACTS)
    def test_contract(contract, check):
        check(contract)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from trimodal.registry import MODELS
from trimodal.structures import Fused, ModalityInput, Tokens
from trimodal.testing.outputs import (
    Whole,
    assert_finite_gradients,
    assert_masked_zero,
    backward,
    floats,
    real_parts,
)
from trimodal.testing.samples import (
    absent_like,
    stack_inputs,
    stack_streams,
)
from trimodal.utils.tensors import tensors_of


@dataclass(frozen=True)
class Contract:
    """A part, and the samples it is tried with.

    Args:
        cfg (dict): Its config, as small as it goes, without dropout.
        samples (Callable): Gives samples, each a batch of one, of different
            lengths; drawn from torch's global generator, which is seeded.
        id (str): Name of the case.
        collective (bool): Whether it computes something over all processes,
            so that its gradient is not the mean of theirs. Defaults to
            False.
        atol (float): How far padding may change a value. Defaults to 1e-5.
    """

    cfg: Mapping[str, Any]
    samples: Callable[[], list]
    id: str
    collective: bool = False
    atol: float = 1e-5

    def build(self) -> nn.Module:
        """The part, always with the same weights."""
        torch.manual_seed(0)
        return MODELS.build(dict(self.cfg))

    def given(self) -> list:
        """The samples, always the same."""
        torch.manual_seed(1)
        return self.samples()

    def stack(self, samples: list, spare: int = 0) -> Any:
        """A batch of samples, padded by ``spare`` more steps."""
        if isinstance(samples[0], ModalityInput):
            return stack_inputs(samples, spare)
        return stack_streams(samples, spare)

    def batch(self, spare: int = 2) -> Any:
        """All samples and one with nothing in it, padded."""
        samples = self.given()
        return self.stack([*samples, absent_like(samples[0])], spare)

    @property
    def divisible(self) -> bool:
        """Whether two processes' shares give what one has with all of it."""
        return False

    def share(self, rank: int) -> Any:
        """What one of two processes has: everything, or nothing at all."""
        samples = self.given()
        nothing = absent_like(samples[0])
        return self.stack(samples if rank == 0 else [nothing, nothing])

    def meagre(self, rank: int) -> Any:
        """What each has in a step that goes before; the same by default."""
        return self.share(rank)


def check_padding(contract: Contract) -> None:
    """A sample alone, or padded beside others and an absent one: the same."""
    module, samples = contract.build().eval(), contract.given()
    with torch.no_grad():
        batch = module(contract.batch(spare=5))
        assert_masked_zero(batch)
        for row, sample in enumerate(samples):
            alone = module(contract.stack([sample]))
            for a, b in zip(
                real_parts(alone, 0), real_parts(batch, row), strict=True
            ):
                torch.testing.assert_close(
                    a, b, atol=contract.atol, rtol=contract.atol
                )


def check_gradients(contract: Contract) -> None:
    """Every parameter gets a gradient, and not one of nothing."""
    module = Whole(contract.build().train())
    backward(module(contract.batch()))
    assert_finite_gradients(module)
    idle = [
        name
        for name, parameter in module.named_parameters()
        if parameter.grad is not None and not parameter.grad.any()
    ]
    assert not idle, f'no gradient reaches {idle}'


def check_all_absent(contract: Contract) -> None:
    """Nothing there: finite, and every parameter still in the graph."""
    for mode in (True, False):
        module = Whole(contract.build().train(mode))
        sample = absent_like(contract.given()[0])
        output = module(contract.stack([sample, sample]))
        assert_masked_zero(output.streams)
        assert all(x.isfinite().all() for x in floats(output.streams))
        assert all(x.isfinite().all() for x in output.losses.values())
        if isinstance(output.streams, Fused):
            assert not output.streams.weights.any()
        backward(output)
        assert_finite_gradients(module)


def check_subsets(contract: Contract) -> None:
    """Each row gives a finite answer, and only from what is present."""
    module, batch = contract.build().eval(), contract.batch()
    output = module(batch)
    assert all(x.isfinite().all() for x in floats(output))
    if isinstance(output, Fused):
        present = torch.stack([s.present for s in batch.values()], dim=1)
        _assert_shares(output.weights, present)
        _assert_absent_is_not_zeros(module, batch, output, present)
        _assert_present_matters(module, batch)


def _assert_shares(weights: Tensor, present: Tensor) -> None:
    assert weights.shape == present.shape
    assert (weights >= 0).all(), 'weights must not be negative'
    assert not weights[~present].any(), 'an absent modality weighs nothing'
    torch.testing.assert_close(weights.sum(1), present.any(1).float())


def _assert_absent_is_not_zeros(
    module: nn.Module,
    batch: Mapping[str, Tokens],
    output: Fused,
    present: Tensor,
) -> None:
    """Zeros that look like data give another answer than no data."""
    for index, (name, stream) in enumerate(batch.items()):
        rows = ~present[:, index] & present.any(1)
        filled = replace(
            stream,
            mask=stream.mask | rows.unsqueeze(1),
            present=stream.present | rows,
        )
        other = module({**batch, name: filled})
        same = torch.isclose(other.pooled, output.pooled, atol=1e-6).all(1)
        assert not same[rows].any(), f'absent {name} is taken for zeros'


def _assert_present_matters(
    module: nn.Module, batch: Mapping[str, Tokens]
) -> None:
    """Every present stream of every row has a say in ``pooled``."""
    leaves = {
        name: replace(stream, x=stream.x.clone().requires_grad_())
        for name, stream in batch.items()
    }
    pooled = module(leaves).pooled.float()
    generator = torch.Generator().manual_seed(3)
    (pooled * torch.randn(pooled.shape, generator=generator)).sum().backward()
    for name, stream in leaves.items():
        assert stream.x.grad is not None, f'{name} has no say'
        heard = stream.x.grad.flatten(1).any(1)
        assert heard[stream.present].all(), f'{name} has no say'
        assert not heard[~stream.present].any(), f'absent {name} has a say'


def check_autocast(contract: Contract) -> None:
    """Reduced precision gives about the same, and finite gradients."""
    module, batch = Whole(contract.build().eval()), contract.batch()
    exact = module(batch)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        rough = module(batch)
    for a, b in zip(floats(exact.streams), floats(rough.streams), strict=True):
        error = (a - b.float()).norm() / a.norm()
        assert error < 0.05, f'relative error {error:.3f}'
    backward(rough)
    assert_finite_gradients(module)


def check_input_unchanged(contract: Contract) -> None:
    """What was given is not written to."""
    module, batch = contract.build().eval(), contract.batch()
    before = [part.clone() for part in tensors_of(batch)]
    module(batch)
    for a, b in zip(before, tensors_of(batch), strict=True):
        assert torch.equal(a, b)


CHECKS = (
    check_padding,
    check_gradients,
    check_all_absent,
    check_subsets,
    check_autocast,
    check_input_unchanged,
)


def check_contract(contract: Contract) -> None:
    """Hold a part to all of it, in one process.

    Args:
        contract (Contract): The part and its samples.

    Raises:
        AssertionError: If it breaks one of the promises.
    """
    for check in CHECKS:
        check(contract)
