"""Multi-kernel temporal convolution."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models.layers import MultiKernelTemporalConv


def test_widths_share_the_channels():
    conv = MultiKernelTemporalConv(16, (3, 5, 7))
    assert [c.out_channels for c in conv.convs] == [6, 5, 5]


def test_equals_the_branches_side_by_side():
    conv = MultiKernelTemporalConv(8, (3, 5))
    x = torch.randn(2, 9, 8)
    normed = F.layer_norm(x, (8,), eps=1e-6)
    want = x.clone()
    (slice(0, 4), slice(4, 8))
    for branch, part in zip(
        conv.convs, (slice(0, 4), slice(4, 8)), strict=False
    ):
        size = branch.kernel_size[0]
        padded = F.pad(normed, (0, 0, size // 2, size // 2))
        for t in range(9):
            window = padded[:, t : t + size]
            y = torch.einsum('btc,dct->bd', window, branch.weight)
            want[:, t, part] += F.gelu(y + branch.bias)
    got = conv(x, torch.ones(2, 9, dtype=torch.bool))
    torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-5)


def test_masked_steps_are_not_seen():
    conv = MultiKernelTemporalConv(8)
    x = torch.randn(1, 9, 8)
    mask = torch.tensor([[True] * 4 + [False] + [True] * 2 + [False] * 2])
    other = torch.where(mask.unsqueeze(2), x, 7.0)
    a, b = conv(x, mask), conv(other, mask)
    torch.testing.assert_close(a[mask], b[mask])
    alone = conv(x[:, :7], mask[:, :7])
    torch.testing.assert_close(a[:, :7][mask[:, :7]], alone[mask[:, :7]])


@pytest.mark.parametrize(
    ('width', 'sizes', 'message'),
    [
        (8, (3, 4), 'kernel_sizes'),
        (8, (), 'kernel_sizes'),
        (2, (3, 5, 7), 'embed_dims'),
    ],
)
def test_bad_arguments(width, sizes, message):
    with pytest.raises(ValueError, match=message):
        MultiKernelTemporalConv(width, sizes)
