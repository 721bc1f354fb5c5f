"""What a decoder looks at."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models.heads.memory import DecoderMemory
from trimodal.models.layers import sinusoidal
from trimodal.structures import Fused, Tokens


def fused() -> Fused:
    mask = torch.tensor([[True, False, True, True]])
    x = torch.randn(1, 4, 6)
    streams = {'a': Tokens(x[:, 1:, :4], mask[:, 1:], mask.any(1))}
    return Fused(x, mask, x.mean(1), torch.ones(1, 1), streams=streams)


def test_the_fused_tokens_projected_and_normalised():
    memory, x = DecoderMemory(6, 8), fused()
    got, mask = memory(x)
    want = F.layer_norm(memory.projection(x.tokens), (8,), eps=1e-6)
    torch.testing.assert_close(got, want)
    assert torch.equal(mask, x.mask)


def test_places_count_real_steps():
    memory, x = DecoderMemory(6, 8, positions=True), fused()
    got, _ = memory(x)
    memory.positions = False
    added = got - memory(x)[0]
    want = sinusoidal(torch.tensor([[1, 1, 2, 3]]), 8)
    torch.testing.assert_close(added, want, atol=1e-6, rtol=1e-6)


def test_one_stream():
    memory, x = DecoderMemory(6, 8, 'a', 4), fused()
    got, mask = memory(x)
    assert got.shape == (1, 3, 8)
    assert torch.equal(mask, x.streams['a'].mask)
    with pytest.raises(ValueError, match=r"\['a'\], .* got 'b'"):
        DecoderMemory(6, 8, 'b')(x)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'stream_channels': 4}, 'stream_channels=4 needs stream'),
        ({'stream': 'a', 'stream_channels': 0}, 'stream_channels'),
        ({'in_channels': 0}, 'in_channels'),
        ({'embed_dims': 0}, 'embed_dims'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        DecoderMemory(**{'in_channels': 6, 'embed_dims': 8, **changes})
