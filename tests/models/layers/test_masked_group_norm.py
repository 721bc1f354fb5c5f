"""Group normalisation of padded sequences."""

import pytest
import torch
from torch import nn

from trimodal.models.layers.masked_group_norm import masked_group_norm


def make(groups: int) -> nn.GroupNorm:
    norm = nn.GroupNorm(groups, 6)
    norm.weight.data.normal_()
    norm.bias.data.normal_()
    return norm


@pytest.mark.parametrize('groups', [1, 2, 6])
def test_equals_torch_on_each_sample_alone(groups):
    norm = make(groups)
    x = torch.randn(3, 6, 9) * 3 + 5
    lengths = (9, 4, 1)
    mask = torch.arange(9) < torch.tensor(lengths)[:, None]
    got = masked_group_norm(x, mask, norm)
    for row, length in enumerate(lengths):
        alone = x[row : row + 1, :, :length]
        if length == 1 and groups == 6:
            want = norm.bias.unsqueeze(1)
            single = masked_group_norm(alone, mask[row:, :1], norm)[0]
            torch.testing.assert_close(single, want)
        else:
            want = norm(alone)[0]
        torch.testing.assert_close(
            got[row, :, :length], want, atol=1e-5, rtol=1e-5
        )


def test_without_padding_it_is_torch_itself():
    norm, x = make(2), torch.randn(3, 6, 9)
    got = masked_group_norm(x, torch.ones(3, 9, dtype=torch.bool), norm)
    assert got.equal(norm(x))


def test_padding_gets_no_gradient():
    x = torch.randn(2, 6, 5, requires_grad=True)
    mask = torch.arange(5) < torch.tensor([[3], [0]])
    y = masked_group_norm(x, mask, make(2))
    assert y.isfinite().all()
    (y * torch.randn_like(y)).transpose(1, 2)[mask].sum().backward()
    assert x.grad.isfinite().all()
    assert not x.grad.transpose(1, 2)[~mask].any()
    assert x.grad.transpose(1, 2)[mask].any()


def test_reduced_precision_counts_in_full():
    norm = make(1)
    x = (torch.randn(2, 6, 3000) + 4).bfloat16()
    mask = torch.arange(3000) < torch.tensor([[3000], [2900]])
    got = masked_group_norm(x, mask, norm)
    assert got.dtype == torch.bfloat16
    want = masked_group_norm(x.float(), mask, norm)
    torch.testing.assert_close(got.float(), want, atol=0.02, rtol=0.02)
