import pytest
import torch
from torch import nn

from trimodal.models.layers.perceptron import perceptron


def test_layers():
    layers = perceptron((5, 4, 3), dropout=0.25)
    kinds = [nn.Dropout, nn.Linear, nn.GELU, nn.Dropout, nn.Linear]
    assert [type(layer) for layer in layers] == kinds
    assert [layers[0].p, layers[3].p] == [0.25, 0.25]
    x = torch.randn(2, 5)
    hidden = nn.functional.gelu(layers[1](x))
    torch.testing.assert_close(layers.eval()(x), layers[4](hidden))


def test_biases_start_at_zero():
    assert not perceptron((5, 3))[1].bias.any()


def test_bad_width():
    with pytest.raises(ValueError, match='hidden_channels'):
        perceptron((5, 0, 3))
