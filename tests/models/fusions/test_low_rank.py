"""Low-rank fusion, by hand and against the full tensor."""

import pytest
import torch

from trimodal.models import LowRankFusion, TensorFusion
from trimodal.testing import stack_streams, stream_samples

WIDTHS = {'a': 4, 'b': 5, 'c': 6}


def make(**changes) -> LowRankFusion:
    settings = {'hidden_channels': 3, 'rank': 4, **changes}
    fusion = LowRankFusion(tuple(WIDTHS), WIDTHS, 8, **settings).eval()
    torch.nn.init.normal_(fusion.constants)
    torch.nn.init.normal_(fusion.bias)
    return fusion


def set_by_hand(fusion: LowRankFusion) -> None:
    """Rank 2, vectors of one number: the same factors in all channels."""
    weights = {'a': (1.0, 2.0), 'b': (-1.0, 1.0), 'c': (3.0, 1.0)}
    ones = torch.tensor([[1.0, 0.0], [2.0, 1.0], [0.0, -1.0]])
    for name, pair in weights.items():
        column = torch.tensor(pair).repeat_interleave(8).unsqueeze(1)
        fusion.factors[name].weight.data.copy_(column)
    fusion.constants.data.copy_(ones.repeat_interleave(8, dim=1))
    fusion.bias.data.copy_(torch.arange(8.0))


def test_by_hand():
    """h = (2, 3, 5).

    Rank 1: (1*2 + 1) * (-1*3 + 2) * (3*5 + 0) = 3 * -1 * 15 = -45.
    Rank 2: (2*2 + 0) * (1*3 + 1) * (1*5 - 1) = 4 * 4 * 4 = 64.
    """
    fusion = make(hidden_channels=1, rank=2)
    set_by_hand(fusion)
    vectors = torch.tensor([[[2.0], [3.0], [5.0]]])
    want = [19.0 + channel for channel in range(8)]
    assert fusion.interact(vectors).tolist() == [want]
    # Without 2: 1 * -1 * 15 + 0 * 4 * 4 = -15. Without 3: 3 * 2 * 15 +
    # 4 * 1 * 4 = 106. Without 5: 3 * -1 * 0 + 4 * 4 * -1 = -16.
    parts = fusion.without(vectors)[0, :, 0]
    assert parts.tolist() == [-15, 106, -16]


def full_tensor(fusion: LowRankFusion) -> torch.Tensor:
    """The weight ``[C, D + 1, D + 1, D + 1]`` that the factors stand for."""
    factors = [
        torch.cat([fusion.factors[name].weight, ones.unsqueeze(1)], dim=1)
        for name, ones in zip(WIDTHS, fusion.constants, strict=True)
    ]
    split = [factor.unflatten(0, (fusion.rank, -1)) for factor in factors]
    return torch.einsum('rci,rcj,rck->cijk', *split)


def test_is_tensor_fusion_with_the_tensor_of_its_factors():
    fusion = make()
    full = TensorFusion(tuple(WIDTHS), WIDTHS, 8, hidden_channels=3).eval()
    shared = {
        name: value
        for name, value in fusion.state_dict().items()
        if name in full.state_dict()
    }
    assert {'absent', 'reductions.a.weight', 'norm.weight'} <= set(shared)
    full.load_state_dict(shared, strict=False)
    full.output.weight.data.copy_(full_tensor(fusion).flatten(1))
    full.output.bias.data.copy_(fusion.bias)
    streams = stack_streams(stream_samples(WIDTHS))
    a, b = fusion(streams), full(streams)
    torch.testing.assert_close(a.pooled, b.pooled, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(a.weights, b.weights, atol=1e-5, rtol=1e-5)


def test_cost_grows_with_the_number_of_modalities_only():
    def size(count: int) -> int:
        names = [f'm{index}' for index in range(count)]
        fusion = LowRankFusion(names, 4, 8)
        return sum(p.numel() for p in fusion.parameters())

    assert size(5) - size(4) == size(4) - size(3) == size(3) - size(2)


def test_starts_with_every_term():
    """At the start one of the vectors alone already moves the result."""
    fusion = LowRankFusion(tuple(WIDTHS), WIDTHS, 8)
    nothing = torch.zeros(1, 3, 64)
    for index in range(3):
        vectors = nothing.clone()
        vectors[:, index] = 1
        change = fusion.interact(vectors) - fusion.interact(nothing)
        assert change.norm() > 0.1


@pytest.mark.parametrize('name', ['rank', 'hidden_channels'])
def test_bad_arguments(name):
    with pytest.raises(ValueError, match=f'{name} .* 0'):
        make(**{name: 0})
