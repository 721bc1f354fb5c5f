"""Attention over another stream, with a bias over time."""

import math

import pytest
import torch

from tests.models.aligners.streams import ramp, stream
from trimodal.models import AttentionAligner
from trimodal.models.aligners.attention import TimeBias

HOLES = [[1, 1, 0, 1, 1, 1]]


def given() -> dict:
    torch.manual_seed(0)
    return {
        'a': stream(torch.randn(1, 3, 4), [[1, 1, 1]]),
        'b': stream(torch.randn(1, 6, 5), HOLES),
    }


def make(**changes) -> AttentionAligner:
    torch.manual_seed(1)
    settings = {'reference': 'a', **changes}
    return AttentionAligner(
        ('a', 'b'), {'a': 4, 'b': 5}, embed_dims=8, num_heads=2, **settings
    )


def by_hand(aligner, tokens, queries):
    """Softmax of scores and bias, head by head and step by step."""
    x = tokens['b'].x[0]
    keys, values = aligner.keys['b'](x).chunk(2, dim=1)
    bias = aligner.biases['b']
    rows = []
    for n, query in enumerate(queries):
        # The moments of three steps are steps 0.5, 2.5 and 4.5 of six.
        heads = []
        for head in range(2):
            part = slice(4 * head, 4 * head + 4)
            scores = torch.stack(
                [
                    query[part] @ keys[t, part] / 2
                    - 0.5
                    * (
                        (t - (2 * n + 0.5) - bias.offset[head])
                        / bias.log_width[head].exp()
                    )
                    ** 2
                    for t in range(6)
                    if HOLES[0][t]
                ]
            )
            real = values[[0, 1, 3, 4, 5], part]
            heads.append(scores.softmax(0) @ real)
        rows.append(aligner.outputs['b'](torch.cat(heads)))
    return torch.stack(rows)


def test_by_hand():
    aligner, tokens = make(), given()
    torch.nn.init.normal_(aligner.biases['b'].offset)
    got = aligner(tokens)['b']
    queries = aligner.queries['a'](tokens['a'].x[0])
    torch.testing.assert_close(got.x[0], by_hand(aligner, tokens, queries))
    assert got.mask.all()


def test_a_clock_of_its_own_asks_the_same_everywhere():
    aligner, tokens = make(reference=None, num_steps=3), given()
    got = aligner(tokens)['b']
    queries = aligner.question.expand(3, -1)
    torch.testing.assert_close(got.x[0], by_hand(aligner, tokens, queries))


def test_bias_by_hand():
    bias = TimeBias(3)
    mask = torch.tensor([[True, False, True], [False] * 3])
    got = bias(torch.tensor([[0.5], [0.5]]), mask)
    assert got.shape == (2, 3, 1, 3)
    for head, width in enumerate((1, 2, 4)):
        want = [-0.125 / width**2, -math.inf, -1.125 / width**2]
        assert got[0, head, 0].tolist() == pytest.approx(want)
    assert not got[1].any()


def test_learns_an_offset():
    """What is three steps later is found by learning to look there."""
    torch.manual_seed(0)
    aligner = AttentionAligner(('a', 'b'), 4, 8, num_heads=1, reference='a')
    optimizer = torch.optim.Adam(aligner.parameters(), lr=0.05)
    for _ in range(150):
        x = torch.randn(16, 12, 4)
        ones = [[1] * 12] * 16
        b = stream(x.roll(3, dims=1), ones)
        got = aligner({'a': ramp(*[12] * 16).with_x(x * 0), 'b': b})
        loss = (got['b'].x - x)[:, :9].square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert aligner.biases['b'].offset.item() == pytest.approx(3, abs=0.5)
    assert loss < 0.2


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'num_heads': 3}, 'num_heads'),
        ({'dropout': 2.0}, 'dropout'),
        ({'in_channels': {'a': 4}}, 'in_channels'),
    ],
)
def test_bad_arguments(changes, message):
    settings = {'modalities': ('a', 'b'), 'in_channels': 4, 'embed_dims': 8}
    with pytest.raises(ValueError, match=message):
        AttentionAligner(**{**settings, **changes})
