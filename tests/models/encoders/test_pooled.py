"""Any encoder as one vector."""

import pytest
import torch
from torch import nn

from tests.models.cases.image import VIT
from trimodal.models import PooledEncoder, VisionTransformer
from trimodal.models.layers.pooling import MODES
from trimodal.testing import image_samples, stack_inputs

SETTINGS = {key: value for key, value in VIT.items() if key != 'type'}


@pytest.mark.parametrize('mode', MODES)
def test_it_pools_what_the_encoder_gives(mode):
    vit = VisionTransformer(**SETTINGS).eval()
    pooled = PooledEncoder(vit, mode)
    x = stack_inputs(image_samples())
    tokens, got = vit(x), pooled(x)
    want = pooled.pooling(tokens.x, tokens.mask)
    assert pooled.out_channels == 16
    assert got.mask.tolist() == [[True]] * 3
    assert got.grids == ()
    torch.testing.assert_close(got.x, want.unsqueeze(1))


def test_the_class_token_two_ways():
    x = stack_inputs(image_samples())
    pooled = PooledEncoder(VIT, 'cls').eval()
    other = VisionTransformer(**SETTINGS, output='cls').eval()
    other.load_state_dict(pooled.encoder.state_dict())
    torch.testing.assert_close(pooled(x).x, other(x).x)


def test_a_users_pooling():
    class Last(nn.Module):
        def forward(self, x, mask):
            return x[:, -1]

    x = stack_inputs(image_samples(((32, 32),)))
    pooled = PooledEncoder(VIT, Last()).eval()
    assert torch.equal(pooled(x).x, pooled.encoder(x).x[:, -1:])
    config = {'type': 'MaskedPooling', 'mode': 'max', 'in_channels': 16}
    assert PooledEncoder(VIT, config).pooling.mode == 'max'


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"pooling .*'sum'"):
        PooledEncoder(VIT, 'sum')
    with pytest.raises(ValueError, match=r'encoder .*Identity'):
        PooledEncoder(nn.Identity())
