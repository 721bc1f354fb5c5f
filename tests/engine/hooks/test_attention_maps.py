"""Recorded weights against torch's own multi-head attention."""

import pytest
import torch
from torch import nn

from trimodal.engine.hooks.attention_maps import (
    attention_weights,
    recorded_attention,
)
from trimodal.models.layers import MultiheadAttention
from trimodal.models.layers.attention import open_mask


def same_in_torch(ours: MultiheadAttention) -> nn.MultiheadAttention:
    theirs = nn.MultiheadAttention(8, ours.num_heads, batch_first=True)
    theirs.in_proj_weight.data = ours.in_proj.weight.data
    theirs.in_proj_bias.data = ours.in_proj.bias.data
    theirs.out_proj = ours.out_proj
    return theirs.eval()


def test_weights_are_torchs():
    torch.manual_seed(0)
    model = nn.ModuleDict({'a': MultiheadAttention(8, 2)}).eval()
    x, y = torch.randn(2, 3, 8), torch.randn(2, 5, 8)
    mask = torch.tensor([[1, 1, 1, 0, 0], [1] * 5]).bool()
    plain = model['a'](x, y, mask)
    with recorded_attention(model) as found:
        result = model['a'](x, y, mask)
    assert torch.equal(result, plain)
    _, expected = same_in_torch(model['a'])(x, y, y, ~mask)
    torch.testing.assert_close(found['a'], expected)
    found.clear()
    model['a'](x, y, mask)
    assert not found
    assert '_attend' not in vars(model['a'])


def test_shares_are_sums_of_the_weights():
    torch.manual_seed(0)
    model = MultiheadAttention(8, 2).eval()
    x, y = torch.randn(2, 3, 8), torch.randn(2, 5, 8)
    mask = torch.tensor([[0] * 5, [1, 1, 0, 1, 1]]).bool()
    with recorded_attention(nn.ModuleDict({'m': model})) as found:
        _, shares = model.with_shares(x, y, [2, 3], mask)
    weights = found['m'].mean(1)
    expected = torch.stack([weights[:, :2].sum(1), weights[:, 2:].sum(1)], 1)
    torch.testing.assert_close(shares, expected)
    assert (found['m'][0] == 0).all()  # a sample with nothing to look at


def test_causal_and_masked():
    q = torch.randn(1, 2, 3, 4)
    weights = attention_weights(q, q, causal=True)
    assert torch.equal(weights[0].triu(1), torch.zeros(3, 3))
    value = torch.eye(3).expand(1, 2, 3, 3)
    attend = nn.functional.scaled_dot_product_attention
    expected = attend(q, q, value, is_causal=True).mean(1)
    torch.testing.assert_close(weights, expected)
    opened, _ = open_mask(torch.tensor([[True, False, True]]))
    expected = attend(q, q, value, opened).mean(1)
    torch.testing.assert_close(attention_weights(q, q, opened), expected)


def test_there_must_be_such_a_module():
    model = nn.ModuleDict({'a': MultiheadAttention(8, 2)})
    with (
        pytest.raises(ValueError, match=r"one of \['a'\], got 'b'"),
        recorded_attention(model, 'b'),
    ):
        pass
