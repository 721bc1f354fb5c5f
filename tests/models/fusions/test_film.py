"""Fusion by feature-wise linear modulation."""

import pytest
import torch
import torch.nn.functional as F

from tests.models.fusions.small import (
    given,
    make,
    means,
    norm,
    projected,
    real,
)
from trimodal.models import FiLMFusion


def modulated(fusion: FiLMFusion, x: torch.Tensor, parts: torch.Tensor):
    """The target's steps after each layer, by the paper's formula."""
    for layer, (gamma, beta) in zip(
        fusion.layers, parts.view(-1, 2, 8), strict=True
    ):
        h = norm(x @ layer.linear.weight.T)
        x = x + F.gelu((1 + gamma) * h + beta)
    return x


@pytest.mark.parametrize('target', ['a', 'b'])
def test_by_hand(target):
    fusion, streams = make(FiLMFusion, target=target), given()
    for mix in fusion.modulations.values():
        mix.weight.data.normal_()
    others = [name for name in 'abc' if name != target]
    fused = fusion(streams)
    for row in range(8):
        x = means(fusion, streams, row)
        parts = [
            fusion.modulations[name](x.get(name, fusion.absent[index]))
            for index, name in enumerate(others)
        ]
        steps = fusion.absent_target[None]
        if target in x:
            steps = projected(fusion, target, real(streams[target], row))
        y = modulated(fusion, steps, sum(parts))
        torch.testing.assert_close(fused.pooled[row], y.mean(0))
        norms = {n: p.norm() for n, p in zip(others, parts, strict=True)}
        norms[target] = torch.tensor(2 * 8.0).sqrt()
        sizes = torch.stack([norms[n] * float(n in x) for n in 'abc'])
        want = sizes / max(sizes.sum(), 1e-9)
        torch.testing.assert_close(fused.weights[row], want)
        tokens = [
            projected(fusion, n, real(s, row)) for n, s in streams.items()
        ]
        if target in x:
            tokens['abc'.index(target)] = y
        got = fused.tokens[row][fused.mask[row]]
        torch.testing.assert_close(got, torch.cat(tokens))
    assert not fused.weights.requires_grad


def test_without_the_target_the_others_still_have_a_say():
    fusion, streams = make(FiLMFusion, target='a'), given()
    pooled = fusion(streams).pooled
    without_a = [1, 3, 5]
    assert not streams['a'].present[without_a].any()
    assert (pooled[1] - pooled[3]).abs().max() > 1e-5
    assert (pooled[1] - pooled[7]).abs().max() > 1e-5


@pytest.mark.parametrize(
    ('names', 'changes', 'message'),
    [
        ('abc', {'target': 'z'}, r"target .*'a'.* got 'z'"),
        ('a', {'target': 'a'}, 'modalities .* two'),
        ('ab', {'target': 'a', 'num_layers': 0}, 'num_layers'),
        ('ab', {'target': 'a', 'pooling': 'sum'}, 'pooling'),
    ],
)
def test_bad_arguments(names, changes, message):
    with pytest.raises(ValueError, match=message):
        make(FiLMFusion, names, **changes)
