"""Which steps a head reads."""

import pytest
import torch

from tests.models.heads.test_memory import fused
from trimodal.models.heads.step_source import StepSource


def test_the_fused_steps():
    source, given = StepSource(6), fused()
    x, mask = source(given)
    assert source.width == 6
    assert torch.equal(x, given.tokens)
    assert torch.equal(mask, given.mask)


def test_one_stream():
    source, given = StepSource(6, 'a', 4), fused()
    x, mask = source(given)
    assert source.width == 4
    assert torch.equal(x, given.streams['a'].x)
    assert torch.equal(mask, given.streams['a'].mask)
    with pytest.raises(ValueError, match=r"\['a'\], .* got 'b'"):
        StepSource(6, 'b')(given)


def test_all_that_was_fused_stays_in_the_graph():
    given = fused()
    given.tokens.requires_grad_()
    given.pooled.requires_grad_()
    x, _ = StepSource(6, 'a', 4)(given)
    grads = torch.autograd.grad(x.sum(), (given.tokens, given.pooled))
    assert not any(grad.any() for grad in grads)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ((6, None, 4), 'stream_channels=4 needs stream'),
        ((6, 'a', 0), 'stream_channels'),
        ((0,), 'in_channels'),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        StepSource(*arguments)
