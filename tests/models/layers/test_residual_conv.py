"""Residual blocks of convolutions over time."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from trimodal.models.layers import ResidualConv


def plain(x: Tensor, layer: torch.nn.Module, stride: int = 1) -> Tensor:
    """Convolution and batch normalisation of ``[B, C, T]``, without masks."""
    weight = layer.conv.weight.squeeze(3)
    x = F.conv1d(
        x, weight, None, stride, weight.shape[2] // 2, 1, layer.conv.groups
    )
    x = layer.mix(x.transpose(1, 2)).transpose(1, 2)
    return F.batch_norm(
        x, None, None, layer.norm.weight, layer.norm.bias, True
    )


@pytest.mark.parametrize('separable', [True, False])
@pytest.mark.parametrize(('width', 'stride'), [(6, 1), (10, 1), (6, 2)])
def test_by_plain_layers(width, stride, separable):
    layer = ResidualConv(6, width, 5, stride, separable=separable)
    x = torch.randn(3, 6, 11)
    y = F.gelu(plain(x, layer.conv1, stride))
    y = plain(y, layer.conv2)
    shortcut = layer.shortcut
    want = F.gelu(y + (x if shortcut is None else plain(x, shortcut, stride)))
    got, mask = layer(
        x.transpose(1, 2).unsqueeze(2), torch.ones(3, 11, dtype=torch.bool)
    )
    assert mask.shape == (3, -(-11 // stride))
    assert mask.all()
    torch.testing.assert_close(
        got.squeeze(2).transpose(1, 2), want, atol=1e-5, rtol=1e-5
    )


def test_the_shortcut_is_the_sequence_itself_where_it_fits():
    layer = ResidualConv(6, 6, drop_path=1.0).train()
    assert layer.shortcut is None
    x, mask = torch.randn(2, 7, 1, 6), torch.ones(2, 7, dtype=torch.bool)
    torch.testing.assert_close(layer(x, mask)[0], F.gelu(x))


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'kernel_size': 4}, 'kernel_size'),
        ({'norm': 'group'}, 'norm'),
        ({'dropout': 2.0}, 'dropout'),
        ({'drop_path': -1.0}, 'drop_path'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        ResidualConv(4, 4, **changes)
