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


def test_batch_of_nothing_asks_no_kernel(monkeypatch):
    monkeypatch.delattr(nn.functional, 'scaled_dot_product_attention')
    ours, _ = pair()
    query, key = torch.randn(0, 4, 12), torch.randn(0, 3, 12)
    assert ours(query).shape == (0, 4, 12)
    mask = torch.ones(0, 3, dtype=torch.bool)
    out, shares = ours.with_shares(query, key, (1, 2), mask)
    assert out.shape == (0, 4, 12)
    assert shares.shape == (0, 2)
    out.sum().backward()
    assert all(p.grad is not None for p in ours.parameters())


def test_dropout_only_in_training():
    attention = MultiheadAttention(8, 2, dropout=0.5)
    x = torch.randn(1, 9, 8)
    assert not torch.equal(attention(x), attention(x))
    attention.eval()
    assert torch.equal(attention(x), attention(x))


def test_rotary_positions_by_complex_numbers():
    ours = MultiheadAttention(16, 2, rotary=True)
    query, key = torch.randn(2, 5, 16), torch.randn(2, 7, 16)
    mask = torch.arange(7) < torch.tensor([[7], [4]])
    q, k, v = (
        nn.functional.linear(x, weight, bias).unflatten(2, (2, 8))
        for x, weight, bias in zip(
            (query, key, key),
            ours.in_proj.weight.chunk(3),
            ours.in_proj.bias.chunk(3),
            strict=True,
        )
    )

    def turned(x: torch.Tensor) -> torch.Tensor:
        x = torch.complex(x[..., :4], x[..., 4:])
        rates = 10000 ** (-torch.arange(4) / 4)
        angles = torch.arange(x.shape[1])[:, None] * rates
        return x * torch.polar(torch.ones(()), angles).unsqueeze(1)

    scores = torch.einsum(
        'bthd,bshd->bhts', turned(q), turned(k).conj()
    ).real / (8**0.5)
    weights = scores.masked_fill(~mask[:, None, None], -torch.inf).softmax(-1)
    want = torch.einsum('bhts,bshd->bthd', weights, v).flatten(2)
    torch.testing.assert_close(
        ours(query, key, mask), ours.out_proj(want), atol=1e-5, rtol=1e-5
    )


def test_bad_arguments():
    with pytest.raises(ValueError, match=r'embed_dims .*3 .num_heads.*got 8'):
        MultiheadAttention(8, 3)
    with pytest.raises(ValueError, match=r'embed_dims .*4 .pairs.*got 6'):
        MultiheadAttention(6, 2, rotary=True)
    with pytest.raises(ValueError, match='dropout'):
        MultiheadAttention(8, 2, dropout=1.1)


def as_torch(ours: MultiheadAttention) -> nn.MultiheadAttention:
    """PyTorch's, with the weights of ours."""
    width = ours.out_proj.in_features
    theirs = nn.MultiheadAttention(width, ours.num_heads, batch_first=True)
    theirs.load_state_dict(
        {
            'in_proj_weight': ours.in_proj.weight,
            'in_proj_bias': ours.in_proj.bias,
            'out_proj.weight': ours.out_proj.weight,
            'out_proj.bias': ours.out_proj.bias,
        }
    )
    return theirs


@pytest.mark.parametrize('lengths', [(3, 2), (1, 1, 1, 1, 1), (2, 0, 3)])
@pytest.mark.parametrize('masked', [True, False])
def test_shares_are_those_of_pytorchs_weights(masked, lengths):
    ours = MultiheadAttention(8, 2)
    theirs = as_torch(ours)
    query, key = torch.randn(3, 2, 8), torch.randn(3, 5, 8)
    mask = torch.tensor([5, 2, 1])[:, None] > torch.arange(5)
    mask = mask if masked else None
    got, shares = ours.with_shares(query, key, lengths, mask)
    padding = None if mask is None else ~mask
    want, weights = theirs(query, key, key, key_padding_mask=padding)
    torch.testing.assert_close(got, want)
    torch.testing.assert_close(got, ours(query, key, mask))
    parts = [p.sum(2) for p in weights.split(lengths, dim=2)]
    expected = torch.stack(parts, dim=2).mean(1)
    torch.testing.assert_close(shares, expected)
    assert not shares.requires_grad


def test_no_real_key_has_no_shares():
    mask = torch.zeros(1, 3, dtype=torch.bool)
    _, shares = MultiheadAttention(8, 2).with_shares(
        torch.randn(1, 2, 8), torch.randn(1, 3, 8), (1, 2), mask
    )
    assert not shares.any()
