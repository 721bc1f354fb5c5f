"""Fusion by a transformer over all streams."""

from dataclasses import replace

import pytest
import torch

from tests.models.fusions.small import given, make, real
from trimodal.models import SelfAttentionFusion
from trimodal.models.layers import TransformerEncoder

SETTINGS = {'num_heads': 2, 'dropout': 0.0}


def test_is_a_transformer_on_the_concatenation():
    fusion, streams = make(SelfAttentionFusion, **SETTINGS), given()
    fused = fusion(streams)
    encoder = TransformerEncoder(2, 8, 2, 32).eval()
    encoder.load_state_dict(fusion.transformer.state_dict())
    for row in range(7):
        here = {n: s for n, s in streams.items() if s.present[row]}
        x = [fusion.projections[n](real(s, row)) for n, s in here.items()]
        y = encoder(torch.cat(x)[None])[0]
        torch.testing.assert_close(fused.tokens[row][fused.mask[row]], y)
        pooled = torch.stack([p.mean(0) for p in y.split([*map(len, x)])])
        weights = (pooled @ fusion.gate.weight[0]).softmax(0)
        torch.testing.assert_close(fused.pooled[row], weights @ pooled)
        got = fused.weights[row][[n in here for n in streams]]
        torch.testing.assert_close(got, weights)


def test_without_a_mask_where_all_is_real():
    """No mask is made for a batch without padding; the result is the same."""
    fusion, streams = make(SelfAttentionFusion, **SETTINGS), given()
    full = {
        name: replace(
            stream,
            x=torch.randn_like(stream.x),
            mask=torch.ones_like(stream.mask),
            present=torch.ones_like(stream.present),
        )
        for name, stream in streams.items()
    }
    masks = []
    fusion.transformer.register_forward_pre_hook(
        lambda _, args: masks.append(args[1] if len(args) > 1 else None)
    )
    whole = fusion(full)
    row = {n: replace(s, mask=s.mask.clone()) for n, s in full.items()}
    row['a'].mask[0, -1] = False
    part = fusion(row)
    assert masks[0] is None
    assert masks[1] is not None
    torch.testing.assert_close(whole.pooled[1:], part.pooled[1:])
    assert not torch.allclose(whole.pooled[0], part.pooled[0])


def test_a_missing_key_is_an_absent_modality():
    fusion, streams = make(SelfAttentionFusion, **SETTINGS), given()
    absent = {
        **streams,
        'b': replace(
            streams['b'],
            x=torch.zeros_like(streams['b'].x),
            mask=torch.zeros_like(streams['b'].mask),
            present=torch.zeros_like(streams['b'].present),
        ),
    }
    without = {n: s for n, s in streams.items() if n != 'b'}
    a, b = fusion(without), fusion(absent)
    torch.testing.assert_close(a.pooled, b.pooled)
    torch.testing.assert_close(a.weights, b.weights)


def test_nothing_gives_zeros():
    fused = make(SelfAttentionFusion, **SETTINGS)(given())
    assert not fused.pooled[7].any()
    assert not fused.weights[7].any()


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'num_layers': 0}, 'num_layers'),
        ({'num_heads': 3}, 'num_heads'),
        ({'feedforward_channels': 0}, 'feedforward_channels'),
        ({'dropout': 1.5}, 'dropout'),
        ({'drop_path': 1.5}, 'drop_path'),
        ({'pooling': 'sum'}, 'pooling'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        make(SelfAttentionFusion, **{**SETTINGS, **changes})
