"""Learned, soft, monotone alignment."""

import pytest
import torch
import torch.nn.functional as F

from tests.models.aligners.streams import ramp, stream
from trimodal.models import InterpolationAligner, MonotonicAligner


def make(scale: float = 0.0, **changes) -> MonotonicAligner:
    """With ``scale``, one whose weights are large and random."""
    torch.manual_seed(0)
    settings = {'embed_dims': 8, **changes}
    aligner = MonotonicAligner(('a', 'b'), 4, **settings)
    if scale:
        for parameter in aligner.parameters():
            torch.nn.init.normal_(parameter, std=scale)
    return aligner


def given(seed: int) -> dict:
    torch.manual_seed(seed)
    return {
        'a': stream(torch.randn(2, 9, 4), [[1] * 9, [1, 0] * 4 + [1]]),
        'b': stream(torch.randn(2, 6, 4), [[1, 0, 0, 1, 1, 1], [1] * 6]),
    }


@pytest.mark.parametrize('seed', range(5))
@pytest.mark.parametrize('reference', ['a', 'b'])
def test_expected_positions_never_fall(seed, reference):
    aligner = make(scale=1.0, reference=reference).double()
    tokens = {n: s.with_x(s.x.double()) for n, s in given(seed).items()}
    (weights,) = aligner.weights(aligner.timeline(tokens)).values()
    (other,) = {'a', 'b'} - {reference}
    mask = tokens[other].mask
    torch.testing.assert_close(
        weights.sum(2), torch.ones_like(weights[..., 0])
    )
    assert not weights.masked_select(~mask.unsqueeze(1)).any()
    # Not the mean alone: the whole distribution only moves to the right.
    behind = weights.double().flip(2).cumsum(2)
    assert (behind.diff(dim=1) > -1e-6).all()
    positions = weights.double() @ torch.arange(mask.shape[1]).double()
    steps = tokens[reference].mask[0].sum()
    assert (positions[0, :steps].diff() > -1e-6).all()
    assert positions[0, steps - 1] > positions[0, 0]


def test_weights_by_hand():
    aligner, tokens = make(scale=0.5, reference='b'), given(0)
    got = aligner.weights(aligner.timeline(tokens))['a'][1]
    shares = {}
    for name, s in tokens.items():
        layers = aligner.progress[name]
        hidden = layers.context(layers.project(s.x), s.mask)
        speed = F.softplus(layers.speed(hidden))[1, :, 0]
        middle = torch.stack(
            [speed[:t].sum() + speed[t] / 2 for t in range(len(speed))]
        )
        shares[name] = middle / speed.sum()
    width = aligner.log_width['a'].exp() / 9
    for n in range(6):
        apart = (shares['b'][n] - shares['a']) / width
        scores = (-0.5 * apart**2)[tokens['a'].mask[1]]
        torch.testing.assert_close(
            got[n][tokens['a'].mask[1]], scores.softmax(0)
        )


def test_starts_as_linear_in_time():
    """With equal speeds: a narrow bell is the nearest step."""
    aligner = make(reference='a', width=0.2)
    for layers in aligner.progress.values():
        torch.nn.init.zeros_(layers.speed.weight)
    tokens = {'a': ramp(6), 'b': ramp(18)}
    tokens = {n: s.with_x(s.x.expand(-1, -1, 4)) for n, s in tokens.items()}
    want = InterpolationAligner(('a', 'b'), reference='a')(tokens)
    torch.testing.assert_close(aligner(tokens)['b'].x, want['b'].x)


def test_rates_make_progress_time():
    rates = {'a': 10.0, 'b': 5.0}
    aligner = make(reference='a', rates=rates, width=0.1)
    for layers in aligner.progress.values():
        torch.nn.init.zeros_(layers.speed.weight)
    x = torch.arange(6.0).view(1, 6, 1).expand(-1, -1, 4)
    tokens = {'a': ramp(6), 'b': stream(x, [[1] * 6])}
    tokens['a'] = tokens['a'].with_x(tokens['a'].x.expand(-1, -1, 4))
    got = aligner(tokens)['b'].x[0, :, 0]
    # 0.05 s is nearest to the first, 0.25 s to the second step of b.
    assert got.tolist() == pytest.approx([0, 0, 1, 1, 2, 2], abs=1e-3)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'width': 0.0}, 'width'),
        ({'embed_dims': 0}, 'embed_dims'),
        ({'kernel_sizes': (2,)}, 'kernel_sizes'),
        ({'in_channels': {'a': 4}}, 'in_channels'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        MonotonicAligner(
            **{'modalities': ('a', 'b'), 'in_channels': 4, **changes}
        )
