"""Fusion by concatenation."""

import torch
import torch.nn.functional as F

from trimodal.models import ConcatFusion
from trimodal.structures import Tokens
from trimodal.testing import stack_streams, stream_samples

WIDTHS = {'a': 4, 'b': 5, 'c': 6}


def make(**changes) -> ConcatFusion:
    return ConcatFusion(tuple(WIDTHS), WIDTHS, 8, **changes).eval()


def projected(fusion: ConcatFusion, name: str, x: torch.Tensor):
    linear = fusion.projections[name][0]
    return F.gelu(F.layer_norm(linear(x), (8,), eps=1e-6))


def test_is_a_linear_layer_over_the_concatenation():
    fusion = make()
    streams = stack_streams(stream_samples(WIDTHS))
    fused = fusion(streams)
    weight = torch.cat([fusion.mixes[n].weight for n in WIDTHS], dim=1)
    for row in range(7):
        pooled, parts = [], []
        for index, (name, stream) in enumerate(streams.items()):
            real = stream.x[row][stream.mask[row]]
            pooled.append(
                projected(fusion, name, real).mean(0)
                if len(real)
                else fusion.absent[index]
            )
            if len(real):
                parts.append(fusion.mixes[name](pooled[-1]).norm())
            else:
                parts.append(torch.zeros(()))
        want = F.layer_norm(weight @ torch.cat(pooled), (8,), eps=1e-6)
        torch.testing.assert_close(fused.pooled[row], want)
        sizes = torch.stack(parts)
        torch.testing.assert_close(fused.weights[row], sizes / sizes.sum())


def test_tokens_are_the_projected_streams():
    fusion = make()
    streams = stack_streams(stream_samples(WIDTHS))
    fused = fusion(streams)
    row, start = 6, 0
    assert streams['a'].present[row]
    for name, stream in streams.items():
        steps = stream.mask.shape[1]
        part = slice(start, start + steps)
        assert torch.equal(fused.mask[:, part], stream.mask)
        mask = stream.mask[row]
        torch.testing.assert_close(
            fused.tokens[row, part][mask],
            projected(fusion, name, stream.x[row][mask]),
        )
        start += steps


def test_a_missing_key_is_an_absent_modality():
    fusion = make()
    streams = stack_streams(stream_samples(WIDTHS))
    nobody = torch.zeros(7, dtype=torch.bool)
    masked = Tokens(
        torch.zeros_like(streams['b'].x),
        torch.zeros_like(streams['b'].mask),
        nobody,
    )
    without = {n: s for n, s in streams.items() if n != 'b'}
    a, b = fusion(without), fusion({**streams, 'b': masked})
    torch.testing.assert_close(a.pooled, b.pooled)
    torch.testing.assert_close(a.weights, b.weights)


def test_absent_is_not_a_zero():
    fusion = make()
    assert fusion.absent.any()
    nothing = fusion(
        {
            'a': Tokens(
                torch.zeros(1, 1, 4),
                torch.zeros(1, 1, dtype=torch.bool),
                torch.zeros(1, dtype=torch.bool),
            )
        }
    )
    assert nothing.pooled.any()
    assert nothing.weights.tolist() == [[0.0, 0.0, 0.0]]


def test_one_modality_alone():
    fusion = ConcatFusion(('a',), 4, 8)
    mask = torch.ones(2, 3, dtype=torch.bool)
    fused = fusion({'a': Tokens(torch.randn(2, 3, 4), mask, mask.any(1))})
    assert fused.pooled.shape == (2, 8)
    assert fused.weights.tolist() == [[1.0], [1.0]]
