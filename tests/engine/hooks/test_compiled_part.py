"""A compiled part: other sizes, validation, and what can't be compiled."""

import logging
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn
from torch._dynamo.utils import counters

from trimodal.engine.hooks.compiled_part import CompiledPart
from trimodal.structures import ModalityInput

pytestmark = pytest.mark.filterwarnings('ignore')
LOGGER = logging.getLogger('test_compiled_part')


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    torch._dynamo.reset()
    counters.clear()
    yield
    torch._dynamo.reset()


class Encoder(nn.Module):
    """A layer of each step."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 2)

    def forward(self, x: ModalityInput) -> Tensor:
        return self.linear(x.data) * x.mask.unsqueeze(-1)


def make_input(samples: int, steps: int) -> ModalityInput:
    x = torch.randn(samples, steps, 4)
    return ModalityInput(x, torch.ones(samples, steps, dtype=torch.bool))


def make(
    backend: str | Callable = 'aot_eager', open_sizes: bool = True
) -> Encoder:
    part = Encoder()
    part.compile(backend=backend, dynamic=None)
    CompiledPart(part, 'encoders.a', open_sizes, LOGGER).install()
    return part


def graphs() -> int:
    return counters['stats']['unique_graphs']


@pytest.mark.parametrize('open_sizes', [True, False])
def test_sizes_are_open_from_the_start(open_sizes: bool):
    part = make(open_sizes=open_sizes)
    for samples, steps in [(3, 5), (4, 6), (5, 9)]:
        x = make_input(samples, steps)
        torch.testing.assert_close(part(x), part.forward(x))
    assert graphs() == (1 if open_sizes else 2)


def test_without_gradients_it_is_not_compiled():
    part = make()
    with torch.no_grad():
        part(make_input(2, 3))
    assert graphs() == 0
    part(make_input(2, 3)).sum().backward()
    assert graphs() == 1


def fails(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> Callable:
    raise TypeError('no way\nto do it')


def fails_backwards() -> Callable:
    from torch._dynamo.backends.common import aot_autograd

    return aot_autograd(fw_compiler=lambda g, _: g, bw_compiler=fails)


@pytest.mark.parametrize('forwards', [True, False])
def test_what_fails_runs_as_it_is(
    forwards: bool, caplog: pytest.LogCaptureFixture
):
    """With one line that names the part, and with its gradients."""
    part = make(fails if forwards else fails_backwards())
    x = make_input(2, 3)
    with caplog.at_level(logging.WARNING, LOGGER.name):
        for _ in range(2):
            part.zero_grad()
            part(x).square().sum().backward()
    found = [p.grad for p in part.parameters()]
    part.zero_grad()
    part.forward(x).square().sum().backward()
    torch.testing.assert_close(found, [p.grad for p in part.parameters()])
    [line] = [r.message for r in caplog.records if r.name == LOGGER.name]
    assert line == (
        'compile: encoders.a can not be compiled and runs as it is '
        '(TypeError: no way)'
    )


def test_errors_of_the_part_stay_errors():
    part = make()
    with pytest.raises((RuntimeError, AttributeError)):
        part(make_input(2, 3).data)
    x = make_input(2, 3)
    torch.testing.assert_close(part(x), part.forward(x))
