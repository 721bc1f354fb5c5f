"""Multi-head attention against PyTorch's own."""

import pytest
import torch
from torch import nn

from trimodal.models.layers import MultiheadAttention


def pair(width: int = 12, heads: int = 3):
    """Ours and PyTorch's with the same weights."""
    ours = MultiheadAttention(width, heads)
    theirs = nn.MultiheadAttention(width, heads, batch_first=True)
    theirs.in_proj_weight.data = ours.in_proj.weight.data.clone()
    theirs.in_proj_bias.data = torch.randn(3 * width)
    ours.in_proj.bias.data = theirs.in_proj_bias.data.clone()
    theirs.out_proj.load_state_dict(ours.out_proj.state_dict())
    return ours, theirs


def test_self_attention_equals_torch():
    ours, theirs = pair()
    x = torch.randn(2, 5, 12)
    torch.testing.assert_close(ours(x), theirs(x, x, x)[0])


def test_masked_cross_attention_equals_torch():
    ours, theirs = pair()
    query, key = torch.randn(2, 5, 12), torch.randn(2, 7, 12)
    mask = torch.rand(2, 7) < 0.6
    mask[:, 0] = True
    want = theirs(query, key, key, key_padding_mask=~mask)[0]
    torch.testing.assert_close(ours(query, key, mask), want)


def test_masked_keys_have_no_influence():
    ours, _ = pair()
    x = torch.randn(1, 6, 12)
    mask = torch.tensor([[True, True, True, False, True, False]])
    other = torch.where(mask.unsqueeze(2), x, 1e4)
    a, b = ours(x, key_mask=mask), ours(other, key_mask=mask)
    torch.testing.assert_close(a[mask], b[mask])


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_no_real_key_gives_zero_and_no_gradient(dtype):
    ours, _ = pair()
    query = torch.randn(2, 4, 12, requires_grad=True)
    key = torch.randn(2, 3, 12, requires_grad=True)
    mask = torch.tensor([[True, False, True], [False, False, False]])
    with torch.autocast('cpu', dtype, enabled=dtype != torch.float32):
        out = ours(query, key, mask)
    assert not out[1].any()
    assert out[0].any()
    out.float().square().sum().backward()
    for grad in (query.grad, key.grad):
        assert grad.isfinite().all()
        assert not grad[1].any()


def test_dropout_only_in_training():
    attention = MultiheadAttention(8, 2, dropout=0.5)
    x = torch.randn(1, 9, 8)
    assert not torch.equal(attention(x), attention(x))
    attention.eval()
    assert torch.equal(attention(x), attention(x))


def test_bad_arguments():
    with pytest.raises(ValueError, match=r'embed_dims .*3 .num_heads.*got 8'):
        MultiheadAttention(8, 3)
    with pytest.raises(ValueError, match='dropout'):
        MultiheadAttention(8, 2, dropout=1.1)
