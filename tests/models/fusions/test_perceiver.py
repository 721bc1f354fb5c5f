"""Fusion by a Perceiver resampler."""

import pytest
import torch
import torch.nn.functional as F

from tests.models.fusions.small import given, make, norm, real
from tests.models.layers.test_attention import as_torch
from trimodal.models import PerceiverFusion

SETTINGS = {'num_heads': 2, 'num_latents': 3, 'dropout': 0.0}


def resample(fusion: PerceiverFusion, x: torch.Tensor):
    """The latents, and where they looked in each layer, by plain layers."""
    latents, looked = fusion.latents, []
    for layer in fusion.layers:
        attention = as_torch(layer.attention)
        query = norm(latents, layer.norm_latents)
        seen = torch.cat([norm(x, layer.norm_steps), query])
        found, where = attention(query, seen, seen)
        looked.append(where[:, : len(x)])
        latents = latents + found
        first, _, _, last, _ = layer.feedforward
        latents = latents + last(F.gelu(first(norm(latents, layer.norm))))
    return norm(latents, fusion.norm), torch.stack(looked)


def test_by_pytorchs_attention():
    fusion, streams = make(PerceiverFusion, **SETTINGS), given()
    fused = fusion(streams)
    for row in range(7):
        parts = [
            fusion.projections[n](real(s, row)) for n, s in streams.items()
        ]
        latents, looked = resample(fusion, torch.cat(parts))
        torch.testing.assert_close(fused.tokens[row], latents)
        torch.testing.assert_close(fused.pooled[row], latents.mean(0))
        mass = looked.sum((0, 1)).split([len(part) for part in parts])
        sizes = torch.stack([part.sum() for part in mass])
        torch.testing.assert_close(fused.weights[row], sizes / sizes.sum())
    assert fused.mask[:7].all()
    assert not fused.weights.requires_grad


def test_as_many_steps_as_latents():
    fused = make(PerceiverFusion, **{**SETTINGS, 'num_latents': 5})(given())
    assert fused.tokens.shape == (8, 5, 8)


def test_nothing_gives_no_steps():
    fusion = make(PerceiverFusion, **SETTINGS)
    fused = fusion(given())
    assert not fused.mask[7].any()
    assert not fused.tokens[7].any()
    assert not fused.weights[7].any()
    latents, _ = resample(fusion, torch.zeros(0, 8))
    torch.testing.assert_close(fused.pooled[7], latents.mean(0))


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'num_latents': 0}, 'num_latents'),
        ({'num_layers': 0}, 'num_layers'),
        ({'num_heads': 3}, 'num_heads'),
        ({'feedforward_channels': 0}, 'feedforward_channels'),
        ({'dropout': 1.5}, 'dropout'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        make(PerceiverFusion, **{**SETTINGS, **changes})
