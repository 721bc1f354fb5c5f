"""Crossmodal blocks, against the paper's formula by torch's own modules."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from trimodal.models.layers import CrossmodalTransformer
from trimodal.models.layers.crossmodal import CrossmodalLayer


def randomise(module: nn.Module) -> None:
    """So that no norm is the identity and no bias is zero."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)


def torch_attention(layer: CrossmodalLayer) -> nn.MultiheadAttention:
    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    ours = layer.attention
    attention.in_proj_weight.data.copy_(ours.in_proj.weight)
    attention.in_proj_bias.data.copy_(ours.in_proj.bias)
    attention.out_proj.load_state_dict(ours.out_proj.state_dict())
    return attention


def by_formula(layer, z, source, mask):
    """Equations 4 of the paper, with its own names."""

    def norm(module, x):
        return F.layer_norm(x, (8,), module.weight, module.bias, 1e-6)

    query = norm(layer.norm1, z)
    key = norm(layer.source_norm, source)
    found, _ = torch_attention(layer)(
        query, key, key, key_padding_mask=~mask, need_weights=False
    )
    z_hat = found + query
    normed = norm(layer.norm2, z_hat)
    first, last = layer.feedforward[0], layer.feedforward[3]
    hidden = F.gelu(normed @ first.weight.T + first.bias)
    return hidden @ last.weight.T + last.bias + normed


def sample():
    z, source = torch.randn(3, 5, 8), torch.randn(3, 7, 8)
    mask = torch.ones(3, 7, dtype=torch.bool)
    mask[0, 4:] = mask[1, 1] = False
    return z, source, mask


def test_block_is_the_papers():
    layer = CrossmodalLayer(8, 2, 12).eval()
    randomise(layer)
    z, source, mask = sample()
    torch.testing.assert_close(
        layer(z, source, mask), by_formula(layer, z, source, mask)
    )


def test_every_block_looks_at_the_same_source():
    stack = CrossmodalTransformer(3, 8, 2, 12).eval()
    randomise(stack)
    z, source, mask = sample()
    want = z
    for layer in stack.layers:
        want = by_formula(layer, want, source, mask)
    torch.testing.assert_close(stack(z, source, mask), want)


def test_absent_source_adds_nothing():
    layer = CrossmodalLayer(8, 2, 12).eval()
    randomise(layer)
    z, source, mask = sample()
    mask[2] = False
    result = layer(z, source, mask)[2]
    normed = layer.norm2(layer.norm1(z[2]))
    torch.testing.assert_close(result, layer.feedforward(normed) + normed)


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        ((0, 8, 2, 12), 'num_layers'),
        ((1, 8, 3, 12), 'num_heads'),
        ((1, 8, 2, 0), 'feedforward_channels'),
        ((1, 8, 2, 12, 2.0), 'dropout'),
    ],
)
def test_bad_arguments(args, message):
    with pytest.raises(ValueError, match=message):
        CrossmodalTransformer(*args)
