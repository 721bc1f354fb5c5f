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


def test_block_by_hand():
    """One head of four channels; queries, keys and values as they are.

    The target (1, 1, -1, -1) and the sources (1, -1, 1, -1) and (1, 1, -1,
    -1) are normalised already. Products 0 and 4, halved (the root of four):
    shares 1 / (1 + e^2) = 0.1192 and 0.8808, which find (1, 0.7616, -0.7616,
    -1). With the target that is (2, 1.7616, -1.7616, -2), of deviation
    1.8846: normalised (1.0613, 0.9347, -0.9347, -1.0613). The feed-forward
    part adds (0.5, 0, 0, 0).
    """
    layer = CrossmodalLayer(4, 1, 3).eval()
    for name, parameter in layer.named_parameters():
        if 'norm' not in name:
            parameter.data.zero_()
    for weight in layer.attention.in_proj.weight.data.chunk(3):
        weight.copy_(torch.eye(4))
    layer.attention.out_proj.weight.data.copy_(torch.eye(4))
    layer.feedforward[3].bias.data[0] = 0.5
    target = torch.tensor([[[1.0, 1, -1, -1]]])
    source = torch.tensor([[[1.0, -1, 1, -1], [1, 1, -1, -1], [9, 0, 0, 0]]])
    mask = torch.tensor([[True, True, False]])
    want = [1.5613, 0.9347, -0.9347, -1.0613]
    got = layer(target, source, mask)[0, 0].tolist()
    assert got == pytest.approx(want, abs=1e-4)


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
