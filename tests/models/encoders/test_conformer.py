"""Conformer."""

import pytest
import torch
import torchaudio

from tests.models.layers.test_conformer_layer import torchaudio_names
from trimodal.models import Conformer
from trimodal.models.layers import sinusoidal
from trimodal.structures import ModalityInput

SMALL = {
    'in_channels': 16,
    'embed_dims': 12,
    'num_layers': 2,
    'num_heads': 3,
    'feedforward_channels': 20,
    'kernel_size': 5,
    'conv_channels': (4, 6),
    'dropout': 0.0,
}


def batch(frames: int = 21) -> ModalityInput:
    return ModalityInput(
        torch.randn(2, frames, 16), torch.ones(2, frames, dtype=torch.bool)
    )


@pytest.mark.parametrize('norm', ['batch', 'group'])
def test_equals_torchaudio_after_the_front_end(norm):
    encoder = Conformer(**SMALL, norm=norm, positions=None)
    theirs = torchaudio.models.Conformer(12, 3, 20, 2, 5, 0.0, norm == 'group')
    for a, b in zip(theirs.conformer_layers, encoder.layers, strict=True):
        a.load_state_dict(torchaudio_names(b))
    x = batch()
    steps = encoder.projection(encoder.subsampling(x.data, x.mask)[0])
    want = theirs(steps, torch.tensor([6, 6]))[0]
    torch.testing.assert_close(encoder(x).x, want, atol=1e-5, rtol=1e-5)


def test_positions_are_added():
    encoder = Conformer(**SMALL, positions='sinusoidal').eval()
    x = batch()
    steps, mask = encoder.subsampling(x.data, x.mask)
    steps = encoder.projection(steps) + sinusoidal(torch.arange(6), 12)
    for layer in encoder.layers:
        steps = layer(steps, mask)
    torch.testing.assert_close(encoder(x).x, steps)
    learned = Conformer(**SMALL, positions='learned', max_length=4)
    assert learned.positions.table.shape == (4, 12)


def test_rotary_positions_are_in_the_layers():
    encoder = Conformer(**SMALL)
    assert all(layer.self_attn.rotary for layer in encoder.layers)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'positions': 'none'}, 'positions'),
        ({'num_layers': -1}, 'num_layers'),
        ({'num_heads': 5}, 'num_heads'),
        ({'conv_channels': ()}, 'conv_channels'),
        ({'norm': 'layer'}, 'norm'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        Conformer(**{**SMALL, **changes})
