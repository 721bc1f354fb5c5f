"""Convolutions over time for each joint, by plain torch layers."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models.layers import (
    JointConv,
    MultiBranchTemporalConv,
    RealNorm,
    TemporalConv,
    stride_mask,
)

FULL = torch.ones(2, 7, dtype=torch.bool)


def by_frame(x: torch.Tensor) -> torch.Tensor:
    """``[B, T, V, C]`` to ``[M, V, C]``, all steps real."""
    return x.flatten(0, 1)


def batch_norm(x: torch.Tensor) -> torch.Tensor:
    """Plain batch normalisation of ``[B, T, V, C]``."""
    x = x.permute(0, 3, 1, 2)
    return F.batch_norm(x, None, None, training=True).permute(0, 2, 3, 1)


def test_joint_conv_is_one_sequence_a_joint():
    conv = JointConv(4, 6, 3, stride=2, dilation=2)
    x = torch.randn(2, 7, 3, 4)
    got = conv(x)
    for joint in range(3):
        want = F.conv1d(
            x[:, :, joint].transpose(1, 2),
            conv.weight[..., 0],
            conv.bias,
            stride=2,
            padding=2,
            dilation=2,
        )
        torch.testing.assert_close(got[:, :, joint], want.transpose(1, 2))


@pytest.mark.parametrize('norm', ['batch', 'layer'])
def test_real_norm(norm):
    x = torch.randn(5, 3, 4)
    got = RealNorm(4, norm)(x)
    dims = [0, 1] if norm == 'batch' else [1, 2]
    variance, mean = torch.var_mean(x, dims, correction=0, keepdim=True)
    eps = 1e-5 if norm == 'batch' else 1e-6
    torch.testing.assert_close(got, (x - mean) / (variance + eps).sqrt())


def test_temporal_conv_by_plain_layers():
    layer = TemporalConv(4, 6, 2, 'batch', kernel_size=5)
    x = torch.randn(2, 7, 3, 4)
    got = layer(by_frame(x), FULL, stride_mask(FULL, 2))
    want = batch_norm(layer.conv(x))
    torch.testing.assert_close(got, by_frame(want), atol=1e-5, rtol=1e-4)


def test_multi_branch_by_plain_layers():
    layer = MultiBranchTemporalConv(4, 11, 2, 'batch', dilations=(1, 3))
    # Four branches of two channels, the first takes the rest.
    assert layer.shares == [5, 2, 2, 2]
    x = torch.randn(2, 7, 3, 4)
    got = layer(by_frame(x), FULL, stride_mask(FULL, 2))
    y = layer.first(x)
    normed = batch_norm(y[..., :9]).relu()
    a, b, c = normed.split([5, 2, 2], dim=-1)
    maximum = F.max_pool2d(
        c.permute(0, 3, 1, 2), (3, 1), (2, 1), (1, 0)
    ).permute(0, 2, 3, 1)
    branches = [
        layer.convs[0](a),
        layer.convs[1](b),
        maximum,
        y[:, ::2, :, 9:],
    ]
    want = layer.mix(batch_norm(torch.cat(branches, dim=-1)).relu())
    torch.testing.assert_close(
        got, by_frame(batch_norm(want)), atol=1e-5, rtol=1e-4
    )


def test_unseen_frames_count_as_nothing():
    """They are zero when convolved over, as what lies behind an end."""
    layer = TemporalConv(4, 6, 2, 'layer', kernel_size=5)
    x = torch.randn(1, 9, 3, 4)
    seen = torch.tensor([[0, 1, 1, 0, 1, 0, 0, 0, 1]]).bool()
    strided = stride_mask(seen, 2)
    # The second of the five steps is made of frames 2 and 3, and so on.
    assert strided.tolist() == [[True, True, True, False, True]]
    got = layer(x[seen], seen, strided)
    dense = layer.conv(x.masked_fill(~seen[..., None, None], 0))
    torch.testing.assert_close(got, layer.norm(dense[strided]))


def test_multi_branch_sees_no_unseen_frame():
    layer = MultiBranchTemporalConv(4, 12, 1, 'layer')
    x = torch.randn(1, 9, 3, 4)
    seen = torch.tensor([[1, 1, 1, 0, 0, 0, 0, 0, 0]]).bool()
    got = layer(x[seen], seen, seen)
    short = torch.ones(1, 3, dtype=torch.bool)
    torch.testing.assert_close(got, layer(x[seen], short, short))


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'kernel_size': 2}, 'kernel_size'),
        ({'dilations': ()}, 'dilations must not be empty'),
        ({'dilations': (1, 0)}, 'dilations'),
        ({'out_channels': 5}, 'a channel for each branch'),
    ],
)
def test_bad_arguments(changes, message):
    settings = {'out_channels': 12, **changes}
    with pytest.raises(ValueError, match=message):
        MultiBranchTemporalConv(4, stride=1, norm='batch', **settings)
    if 'kernel_size' in changes:
        with pytest.raises(ValueError, match=message):
            TemporalConv(4, 5, 1, 'batch', **changes)
