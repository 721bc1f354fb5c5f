"""Fusion by one gate over the modalities."""

import pytest
import torch
import torch.nn.functional as F

from tests.models.fusions.small import given, make, means
from trimodal.models import AdaptiveFusion


def test_is_a_softmax_over_what_is_present():
    fusion, streams = make(AdaptiveFusion), given()
    fused = fusion(streams)
    first, _, _, last = fusion.gate
    for row in range(7):
        x = means(fusion, streams, row)
        seen = [x.get(n, fusion.absent[i]) for i, n in enumerate('abc')]
        hidden = F.gelu(first.weight @ torch.cat(seen) + first.bias)
        scores = last.weight @ hidden + last.bias
        here = ['abc'.index(name) for name in x]
        weights = torch.zeros(3)
        weights[here] = scores[here].exp() / scores[here].exp().sum()
        torch.testing.assert_close(fused.weights[row], weights)
        want = weights[here] @ torch.stack(list(x.values()))
        torch.testing.assert_close(fused.pooled[row], want)


def test_the_gate_learns_from_the_result():
    fusion = make(AdaptiveFusion)
    fused = fusion(given())
    assert fused.weights.requires_grad
    fused.pooled.square().sum().backward()
    assert all(p.grad.any() for p in fusion.gate.parameters())


def test_nothing_gives_zeros():
    fused = make(AdaptiveFusion)(given())
    assert not fused.pooled[7].any()
    assert not fused.weights[7].any()


def test_width_of_the_gate():
    assert make(AdaptiveFusion).gate[0].out_features == 8
    fusion = make(AdaptiveFusion, hidden_channels=5, dropout=0.2)
    assert fusion.gate[0].out_features == 5
    assert fusion.gate[2].p == 0.2


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'hidden_channels': 0}, 'hidden_channels'),
        ({'dropout': -0.1}, 'dropout'),
        ({'pooling': 'sum'}, 'pooling'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        make(AdaptiveFusion, **changes)
