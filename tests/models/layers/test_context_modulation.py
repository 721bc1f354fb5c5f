"""A context that modulates steps."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models.layers.context_modulation import ContextModulation


def test_by_hand():
    layer = ContextModulation(4, 3)
    x, context = torch.randn(2, 5, 4), torch.randn(2, 3)
    scale, shift = layer.modulation(context).chunk(2, dim=1)
    for row in range(2):
        inner = layer.inner(layer.norm(x[row]))
        want = x[row] + layer.outer(
            F.gelu(inner * (1 + scale[row]) + shift[row])
        )
        torch.testing.assert_close(layer(x, context)[row], want)


def test_another_context_another_answer():
    layer = ContextModulation(4, 3)
    x = torch.randn(1, 5, 4).expand(2, -1, -1)
    a, b = layer(x, torch.randn(2, 3))
    assert not torch.allclose(a, b)


def test_contexts_count_from_the_start():
    layer = ContextModulation(64, 32)
    x = torch.randn(1, 50, 64).expand(2, -1, -1)
    a, b = layer(x, torch.randn(2, 32))
    assert (a - b).std() > 0.5 * x.std()


def test_bad_arguments():
    with pytest.raises(ValueError, match='context_channels'):
        ContextModulation(4, 0)
