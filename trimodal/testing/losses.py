"""What every registered loss must hold to.

::

    def given():
        return torch.randn(6, 3), torch.arange(6) % 3

    CONTRACTS = [LossContract({'type': 'MyLoss'}, given, 'mine')]

    @pytest.mark.parametrize('check', LOSS_CHECKS)
    @pytest.mark.parametrize('contract', CONTRACTS)
    def test_contract(contract, check):
        check(contract)

``run_distributed(CONTRACTS)`` tries them in two processes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from trimodal.testing.contracts import Contract
from trimodal.testing.outputs import (
    Output,
    Whole,
    assert_finite_gradients,
    backward,
)

# Samples of the first of two processes; the second has the rest.
FIRST = 4


@dataclass(frozen=True)
class LossContract(Contract):
    """A loss, and what it is called with.

    Args:
        cfg (Mapping): Config of the loss.
        samples (Callable): Gives its arguments: tensors or sequences with an
            entry for each of 5 samples or more; drawn from torch's global
            generator, which is seeded.
        id (str): Name of the case.
        collective (bool): Whether it computes something over all processes.
            Defaults to True.
        learned (Sequence[int]): Which arguments carry gradients, by
            position. Defaults to the first.
        divisible (bool): Whether two processes with a part of the samples
            each give the gradients of one with all. Defaults to True.
    """

    samples: Callable[[], Any]
    collective: bool = True
    learned: Sequence[int] = (0,)
    divisible: bool = True

    def build(self) -> 'AskedLoss':
        """The loss behind a layer."""
        given = self.given()
        learned = {index: given[index].shape[-1:] for index in self.learned}
        return AskedLoss(super().build(), learned)

    def batch(self, spare: int = 0) -> list:
        """All samples."""
        return list(self.given())

    def share(self, rank: int) -> list:
        """A part of the samples, of a size of its own in each process."""
        rows = slice(FIRST) if rank == 0 else slice(FIRST, None)
        return [argument[rows] for argument in self.given()]

    def meagre(self, rank: int) -> list:
        """The second process has no sample."""
        return [part[:0] for part in self.given()] if rank else self.share(0)


class AskedLoss(nn.Module):
    """A loss, with a factor for each channel of what carries gradients.

    Args:
        loss (nn.Module): The loss.
        learned (Mapping[int, Sequence[int]]): Shape of the factors of each
            argument that carries gradients, by position.
    """

    def __init__(self, loss: nn.Module, learned: dict[int, Any]) -> None:
        super().__init__()
        self.loss = loss
        self.factors = nn.ParameterDict(
            {str(index): torch.ones(shape) for index, shape in learned.items()}
        )

    def forward(self, batch: Sequence[Any]) -> Output:
        """Call the loss."""
        arguments = list(batch)
        for index, factors in self.factors.items():
            x = arguments[int(index)]
            arguments[int(index)] = x * factors.to(x.dtype)
        return Output({}, {'loss': self.loss(*arguments)})


def check_scalar(contract: LossContract) -> None:
    """One finite number, and gradients that are not all zero."""
    module = Whole(contract.build().train())
    output = module(contract.batch())
    assert output.losses['loss'].dim() == 0, 'a loss must be a scalar'
    assert output.losses['loss'].isfinite()
    backward(output)
    assert_finite_gradients(module)
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None
        assert parameter.grad.any(), f'no gradient reaches {name}'


def check_empty(contract: LossContract) -> None:
    """No samples: zero, with everything in the graph."""
    module = Whole(contract.build().train())
    output = module([argument[:0] for argument in contract.given()])
    assert output.losses['loss'].item() == 0
    backward(output)
    assert_finite_gradients(module)


def check_full_precision(contract: LossContract) -> None:
    """Whatever it is given, it computes in float32."""
    module = contract.build().train()
    for dtype in (torch.bfloat16, torch.float16):
        rough = _cast(contract, contract.batch(), dtype)
        value = module(rough).losses['loss']
        assert value.dtype == torch.float32, f'{value.dtype} of {dtype}'
        exact = _cast(contract, rough, torch.float32)
        want = module(exact).losses['loss']
        torch.testing.assert_close(value, want)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        value = module(contract.batch()).losses['loss']
    torch.testing.assert_close(value, module(contract.batch()).losses['loss'])


def check_arguments_unchanged(contract: LossContract) -> None:
    """What was given is not written to."""
    batch = contract.batch()
    before = [x.clone() if isinstance(x, Tensor) else x for x in batch]
    contract.build().train()(batch)
    for a, b in zip(before, batch, strict=True):
        if isinstance(a, Tensor):
            # NaN, for what is not annotated, is unlike itself.
            torch.testing.assert_close(a, b, atol=0, rtol=0, equal_nan=True)


def _cast(contract: LossContract, batch: list, dtype: torch.dtype) -> list:
    """What carries gradients in another precision."""
    return [
        x.to(dtype) if index in contract.learned else x
        for index, x in enumerate(batch)
    ]


LOSS_CHECKS = (
    check_scalar,
    check_empty,
    check_full_precision,
    check_arguments_unchanged,
)


def check_loss(contract: LossContract) -> None:
    """Hold a loss to all of it, in one process.

    Args:
        contract (LossContract): The loss and its arguments.

    Raises:
        AssertionError: If it breaks one of the promises.
    """
    for check in LOSS_CHECKS:
        check(contract)
