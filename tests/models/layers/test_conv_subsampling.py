"""Convolutional subsampling."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models.layers import ConvSubsampling


def step_norm(x: torch.Tensor) -> torch.Tensor:
    """Each step of ``[B, C, T, F]`` to mean 0, variance 1."""
    variance, mean = torch.var_mean(x, (1, 3), correction=0, keepdim=True)
    return (x - mean) / (variance + 1e-6).sqrt()


def test_two_dimensions_by_plain_layers():
    layer = ConvSubsampling(6, (3, 5), (2, 3))
    assert layer.out_channels == 5 * 1
    x = torch.randn(2, 11, 6)
    want = x.unsqueeze(1)
    for block, stride in zip(layer.blocks, (2, 3), strict=True):
        y = F.conv2d(want, block.conv.weight, block.conv.bias, stride, 1)
        want = F.gelu(step_norm(y))
    got, mask = layer(x, torch.ones(2, 11, dtype=torch.bool))
    assert mask.shape == (2, 2)
    assert mask.all()
    # [B, C, T, F] with F = 1
    torch.testing.assert_close(got, want.squeeze(3).transpose(1, 2))


def test_one_dimension_by_plain_layers():
    layer = ConvSubsampling(6, (4,), (2,), kernel_size=5, conv_dims=1)
    assert layer.out_channels == 4
    x = torch.randn(2, 11, 6)
    weight = layer.blocks[0].conv.weight.squeeze(3)
    y = F.conv1d(x.transpose(1, 2), weight, layer.blocks[0].conv.bias, 2, 2)
    want = F.gelu(step_norm(y.unsqueeze(3))).squeeze(3).transpose(1, 2)
    got, _ = layer(x, torch.ones(2, 11, dtype=torch.bool))
    torch.testing.assert_close(got, want)


def test_a_stride_for_either_axis():
    layer = ConvSubsampling(6, (3, 5), ((1, 2), (2, 3)))
    got, mask = layer(torch.randn(2, 11, 6), torch.ones(2, 11).bool())
    assert got.shape == (2, 6, 5)
    assert mask.shape == (2, 6)
    flat = ConvSubsampling(6, (3,), ((2, 3),), conv_dims=1)
    assert flat(torch.randn(2, 11, 6), torch.ones(2, 11).bool())[0].shape == (
        2,
        6,
        3,
    )


def test_batch_normalisation_by_plain_layers():
    layer = ConvSubsampling(6, (3,), (2,), norm='batch')
    x = torch.randn(2, 11, 6)
    conv = layer.blocks[0].conv
    y = F.conv2d(x.unsqueeze(1), conv.weight, conv.bias, 2, 1)
    want = F.gelu(F.batch_norm(y, None, None, training=True))
    got, _ = layer(x, torch.ones(2, 11).bool())
    torch.testing.assert_close(
        got, want.transpose(1, 2).permute(0, 1, 3, 2).flatten(2)
    )


@pytest.mark.parametrize('norm', ['layer', 'batch'])
@pytest.mark.parametrize('length', [1, 2, 5, 8])
def test_lengths_are_those_of_the_sequence_alone(length, norm):
    layer = ConvSubsampling(6, (2, 2), (2, 2), kernel_size=5, norm=norm)
    x = torch.randn(1, length, 6)
    alone, mask_alone = layer(x, torch.ones(1, length, dtype=torch.bool))
    padded = F.pad(x, (0, 0, 0, 9), value=3.0)
    mask = torch.arange(length + 9)[None] < length
    together, mask_together = layer(padded, mask)
    assert mask_together.sum() == mask_alone.shape[1] == -(-length // 4)
    torch.testing.assert_close(together[mask_together], alone[mask_alone])
    assert not together[~mask_together].any()


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'channels': ()}, 'conv_channels'),
        ({'strides': (2,)}, r'conv_strides .*\[2\]'),
        ({'strides': (2, 0)}, 'conv_strides'),
        ({'channels': (2, 0)}, 'conv_channels'),
        ({'kernel_size': 4}, 'kernel_size'),
        ({'conv_dims': 3}, 'conv_dims'),
        ({'norm': 'group'}, 'conv_norm'),
    ],
)
def test_bad_arguments(changes, message):
    good = {'in_channels': 6, 'channels': (2, 2), 'strides': (2, 2)}
    with pytest.raises(ValueError, match=message):
        ConvSubsampling(**{**good, **changes})
