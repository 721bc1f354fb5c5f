"""Fusion by gated multimodal units."""

import pytest
import torch

from tests.models.fusions.small import given, make, means
from trimodal.models import GatedFusion


def test_two_modalities_by_hand():
    """The paper's bimodal unit: one gate, z and 1 - z."""
    fusion, streams = make(GatedFusion, 'ab', gate='softmax'), given()
    fused = fusion(streams)
    row = 2
    x = means(fusion, streams, row)
    assert list(x) == ['a', 'b']
    h1 = torch.tanh(fusion.values['a'].weight @ x['a'])
    h2 = torch.tanh(fusion.values['b'].weight @ x['b'])
    # A softmax of two scores is the sigmoid of their difference.
    weight = fusion.gates.weight[:8] - fusion.gates.weight[8:]
    bias = fusion.gates.bias[:8] - fusion.gates.bias[8:]
    z = torch.sigmoid(weight @ torch.cat([x['a'], x['b']]) + bias)
    torch.testing.assert_close(fused.pooled[row], z * h1 + (1 - z) * h2)
    want = torch.stack([z.mean(), 1 - z.mean()])
    torch.testing.assert_close(fused.weights[row], want)


def test_many_modalities_have_a_gate_each():
    fusion, streams = make(GatedFusion), given()
    fused = fusion(streams)
    for row in range(7):
        x = means(fusion, streams, row)
        seen = [x.get(n, fusion.absent[i]) for i, n in enumerate('abc')]
        z = torch.sigmoid(fusion.gates(torch.cat(seen))).view(3, 8)
        want = sum(
            z['abc'.index(n)] * torch.tanh(fusion.values[n](x[n])) for n in x
        )
        torch.testing.assert_close(fused.pooled[row], want)
        sizes = torch.stack(
            [z[i].mean() * float(n in x) for i, n in enumerate('abc')]
        )
        torch.testing.assert_close(fused.weights[row], sizes / sizes.sum())


def test_alone_a_softmax_gate_is_open():
    fusion, streams = make(GatedFusion, gate='softmax'), given()
    fused = fusion(streams)
    x = means(fusion, streams, 1)
    assert list(x) == ['b']
    want = torch.tanh(fusion.values['b'](x['b']))
    torch.testing.assert_close(fused.pooled[1], want)
    assert fused.weights[1].tolist() == [0, 1, 0]


@pytest.mark.parametrize('gate', ['sigmoid', 'softmax'])
def test_nothing_gives_zeros(gate):
    fused = make(GatedFusion, gate=gate)(given())
    assert not fused.pooled[7].any()
    assert not fused.weights[7].any()
    assert not fused.weights.requires_grad


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'gate': 'tanh'}, r"gate .*'sigmoid.* 'tanh'"),
        ({'pooling': 'sum'}, 'pooling'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        make(GatedFusion, **changes)
