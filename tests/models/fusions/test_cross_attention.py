"""Pairwise cross-modal attention."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models import CrossModalAttentionFusion
from trimodal.structures import Tokens
from trimodal.testing import stack_streams, stream_samples

WIDTHS = {'a': 4, 'b': 5, 'c': 6}


def make(modalities=tuple(WIDTHS), **changes) -> CrossModalAttentionFusion:
    settings = {'num_layers': 1, 'num_heads': 2, 'dropout': 0.0, **changes}
    widths = {name: WIDTHS[name] for name in modalities}
    return CrossModalAttentionFusion(modalities, widths, 8, **settings).eval()


def norm(x: torch.Tensor) -> torch.Tensor:
    return F.layer_norm(x, (8,), eps=1e-6)


def test_every_ordered_pair_has_weights_of_its_own():
    attention = make().layers[0].attention
    assert set(attention) == {
        f'{a}_from_{b}' for a in 'abc' for b in 'abc' if a != b
    }


def test_by_plain_layers_sample_by_sample():
    fusion = make()
    layer = fusion.layers[0]
    streams = stack_streams(stream_samples(WIDTHS))
    fused = fusion(streams)
    for row in range(7):
        x = {
            name: fusion.projections[name](s.x[row][s.mask[row]])[None]
            for name, s in streams.items()
            if s.present[row]
        }
        done = {}
        for name in x:
            others = [other for other in x if other != name]
            y = x[name]
            if others:
                found = [
                    layer.attention[f'{name}_from_{other}'](
                        norm(x[name]), norm(x[other])
                    )
                    for other in others
                ]
                y = y + torch.stack(found).mean(0)
            done[name] = norm(y + layer.feedforward[name](norm(y)))
        pooled = torch.cat([y.mean(1) for y in done.values()])
        weights = fusion.gate(pooled).squeeze(1).softmax(0)
        torch.testing.assert_close(fused.pooled[row], weights @ pooled)
        torch.testing.assert_close(
            fused.tokens[row][fused.mask[row]],
            torch.cat(list(done.values()), dim=1)[0],
        )
        where = [name in x for name in streams]
        torch.testing.assert_close(fused.weights[row][where], weights)
        assert fused.weights[row].sum().item() == pytest.approx(1)


def test_a_missing_key_is_an_absent_modality():
    fusion = make(num_layers=2)
    streams = stack_streams(stream_samples(WIDTHS))
    nobody = Tokens(
        torch.zeros_like(streams['b'].x),
        torch.zeros_like(streams['b'].mask),
        torch.zeros(7, dtype=torch.bool),
    )
    without = {n: s for n, s in streams.items() if n != 'b'}
    a, b = fusion(without), fusion({**streams, 'b': nobody})
    torch.testing.assert_close(a.pooled, b.pooled)
    torch.testing.assert_close(a.weights, b.weights)


def test_two_modalities():
    fusion = make(('a', 'c'))
    fused = fusion(stack_streams(stream_samples(WIDTHS)))
    assert fused.weights.shape == (7, 2)


def test_nothing_at_all_is_zero():
    fusion = make()
    mask = torch.zeros(2, 3, dtype=torch.bool)
    fused = fusion({'a': Tokens(torch.zeros(2, 3, 4), mask, mask.any(1))})
    assert not fused.pooled.any()
    assert not fused.weights.any()


@pytest.mark.parametrize(
    ('modalities', 'changes', 'message'),
    [
        (('a',), {}, 'modalities .* two'),
        (('a', 'b'), {'num_layers': 0}, 'num_layers'),
        (('a', 'b'), {'num_heads': 3}, 'num_heads'),
        (('a', 'b'), {'feedforward_channels': 0}, 'feedforward_channels'),
        (('a', 'b'), {'pooling': 'sum'}, 'pooling'),
        (('a', 'b'), {'dropout': 1.5}, 'dropout'),
    ],
)
def test_bad_arguments(modalities, changes, message):
    with pytest.raises(ValueError, match=message):
        make(modalities, **changes)


def test_drop_path_drops_whole_branches():
    """With probability 1 nothing but the streams themselves is left."""
    cfg = {'modalities': tuple(WIDTHS), 'in_channels': WIDTHS}
    fusion = CrossModalAttentionFusion(
        **cfg, out_channels=8, num_heads=2, dropout=0.0, drop_path=1.0
    ).train()
    streams = stack_streams(stream_samples(WIDTHS))
    projected = fusion.projections(streams)
    for name, stream in fusion.layers[0](projected).items():
        torch.testing.assert_close(stream.x, projected[name].x)
