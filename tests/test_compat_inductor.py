"""torch's compiler, mended: one compilation for all lengths."""

import shutil
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch._dynamo.utils import counters

from trimodal import compat
from trimodal.compat_inductor import mend_convolution_backward


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which('g++'), reason='needs a compiler')
@pytest.mark.filterwarnings('ignore')
def test_a_convolution_is_compiled_once(tmp_path, monkeypatch):
    """Forwards and backwards, with the gradients of the plain one."""
    monkeypatch.setenv('TORCHINDUCTOR_CACHE_DIR', str(tmp_path))
    torch._dynamo.reset()
    counters.clear()
    torch.manual_seed(0)
    conv = nn.Conv1d(3, 4, 3)
    compiled = torch.compile(
        conv, options={'layout_optimization': False}, dynamic=None
    )
    for steps in (9, 12, 15):
        x = torch.randn(2, 3, steps)
        torch._dynamo.maybe_mark_dynamic(x, 2)
        grads = []
        for call in (conv, compiled):
            conv.zero_grad()
            leaf = x.clone().requires_grad_()
            torch._dynamo.maybe_mark_dynamic(leaf, 2)
            call(leaf).square().sum().backward()
            grads.append([leaf.grad, conv.weight.grad, conv.bias.grad])
        torch.testing.assert_close(grads[1], grads[0])
    assert compat.report()['torch._inductor.kernel.conv'] == 'mended'
    assert counters['stats']['unique_graphs'] == 1
    torch._dynamo.reset()


def test_not_needed_without_the_fault():
    def lowering(x: int) -> int:
        return x

    assert not mend_convolution_backward(SimpleNamespace())
    fine = SimpleNamespace(convolution_backward_lowering=lowering)
    assert not mend_convolution_backward(fine)
