"""Speech transformer."""

import pytest
import torch

from trimodal.models import SpeechTransformer
from trimodal.models.layers import sinusoidal
from trimodal.structures import ModalityInput

SMALL = {
    'in_channels': 16,
    'embed_dims': 12,
    'num_layers': 2,
    'num_heads': 3,
    'feedforward_channels': 20,
    'conv_channels': (4, 6),
    'dropout': 0.0,
}


def batch(frames: int = 21) -> ModalityInput:
    return ModalityInput(
        torch.randn(2, frames, 16), torch.ones(2, frames, dtype=torch.bool)
    )


@pytest.mark.parametrize(
    ('strides', 'steps'), [((2, 2), 6), ((2, 1), 11), ((1, 1), 21)]
)
def test_a_step_for_every_product_of_strides(strides, steps):
    tokens = SpeechTransformer(**SMALL, conv_strides=strides)(batch())
    assert tokens.x.shape == (2, steps, 12)
    assert tokens.mask.all()


def test_is_what_its_parts_are():
    encoder = SpeechTransformer(**SMALL).eval()
    x = batch()
    steps, mask = encoder.subsampling(x.data, x.mask)
    steps = encoder.projection(steps) + sinusoidal(torch.arange(6), 12)
    want = encoder.transformer(steps, mask)
    torch.testing.assert_close(encoder(x).x, want)


def test_learned_positions_count_after_subsampling():
    encoder = SpeechTransformer(**SMALL, positions='learned', max_length=5)
    assert encoder.positions.table.shape == (5, 12)
    assert encoder(batch()).x.isfinite().all()


def test_order_matters():
    encoder = SpeechTransformer(**SMALL).eval()
    x = batch(20)
    flipped = ModalityInput(x.data.flip(1), x.mask)
    a, b = encoder(x).x.mean(1), encoder(flipped).x.mean(1)
    assert not torch.allclose(a, b, atol=1e-4)


def test_rotary_positions_add_nothing_and_need_order():
    encoder = SpeechTransformer(
        **{**SMALL, 'num_heads': 2}, positions='rotary'
    ).eval()
    x = batch()
    steps, mask = encoder.subsampling(x.data, x.mask)
    want = encoder.transformer(encoder.projection(steps), mask)
    torch.testing.assert_close(encoder(x).x, want)
    assert all(layer.attention.rotary for layer in encoder.transformer.layers)


def test_layerdrop_reaches_the_layers():
    encoder = SpeechTransformer(**SMALL, layerdrop=1.0)
    x = batch()
    steps = encoder.positions(
        encoder.projection(encoder.subsampling(x.data, x.mask)[0])
    )
    torch.testing.assert_close(encoder(x).x, encoder.transformer.norm(steps))


def test_width_in_channels_of_a_deep_narrow_front_end():
    encoder = SpeechTransformer(
        in_channels=64,
        embed_dims=128,
        num_layers=2,
        num_heads=4,
        feedforward_channels=256,
        conv_channels=(8, 16, 16),
        conv_strides=(2, 2, 2),
    )
    assert encoder.projection.in_features == 16 * 8
    assert encoder.out_channels == 128


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'positions': 'none'}, 'positions'),
        ({'num_heads': 5}, 'num_heads'),
        ({'conv_channels': ()}, 'conv_channels'),
        ({'conv_strides': (2,)}, 'conv_strides'),
        ({'drop_path': -1}, 'drop_path'),
        ({'layerdrop': 1.5}, 'layerdrop'),
        ({'positions': 'rotary', 'num_heads': 4}, 'pairs'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        SpeechTransformer(**{**SMALL, **changes})
