"""Alignment along the likeliest warping paths."""

import pytest
import torch
import torch.nn.functional as F

from tests.models.aligners.streams import stream
from trimodal.models import SoftDTWAligner, SoftDTWLoss
from trimodal.models.layers.soft_dtw import soft_dtw


def make(**changes) -> SoftDTWAligner:
    torch.manual_seed(0)
    settings = {'embed_dims': 8, 'reference': 'a', **changes}
    return SoftDTWAligner(('a', 'b'), 4, **settings)


def given() -> dict:
    torch.manual_seed(1)
    return {
        'a': stream(torch.randn(1, 5, 4), [[1, 1, 0, 1, 0]]),
        'b': stream(torch.randn(1, 6, 4), [[1, 0, 0, 1, 1, 1]]),
    }


def test_by_the_gradient_of_soft_dtw():
    aligner, tokens = make(gamma=0.3, time_weight=2.0), given()
    real = {n: s.x[0][s.mask[0]] for n, s in tokens.items()}
    a, b = (F.normalize(aligner.embed[n](x), dim=1) for n, x in real.items())
    # Four steps of a (the last real one ends it) and six of b.
    when_a = torch.tensor([0.5, 1.5, 3.5]) / 4
    when_b = torch.tensor([0.5, 3.5, 4.5, 5.5]) / 6
    cost = 1 - a @ b.T + 2.0 * (when_a[:, None] - when_b).abs()
    cost = cost.detach()[None].requires_grad_()
    three, four = torch.tensor([3]), torch.tensor([4])
    value = soft_dtw(cost, three, four, 0.3)
    (likely,) = torch.autograd.grad(value, cost)
    seen = likely[0] / likely[0].sum(1, keepdim=True) @ real['b']
    got = aligner(tokens)['b']
    torch.testing.assert_close(got.x[0, [0, 1, 3]], seen)
    # At the hole of a, halfway between what lies beside it.
    torch.testing.assert_close(got.x[0, 2], (seen[1] + seen[2]) / 2)
    assert got.mask.tolist() == [[True] * 4]


def test_undoes_a_warp():
    """Equal embeddings: each step is found, however long it was held."""
    torch.manual_seed(2)
    aligner = make(gamma=0.02, time_weight=0.0)
    aligner.embed['b'] = aligner.embed['a']
    x = torch.randn(1, 6, 4)
    held = x.repeat_interleave(torch.tensor([1, 4, 1, 1, 3, 2]), dim=1)
    got = aligner({'a': stream(x, [[1] * 6]), 'b': stream(held, [[1] * 12])})
    torch.testing.assert_close(got['b'].x, x, atol=0.02, rtol=0)


def test_without_a_loss_by_default():
    aligner = make()
    assert aligner.loss(aligner(given())) == {}


def test_loss_is_the_divergence_in_the_common_space():
    aligner = make(loss=SoftDTWLoss(0.3, loss_weight=0.5))
    aligned = aligner(given())
    embedded = {
        n: F.normalize(aligner.embed[n](s.x), dim=2)
        for n, s in aligned.items()
    }
    want = SoftDTWLoss(0.3, loss_weight=0.5)(
        embedded['a'], embedded['b'], aligned['a'].mask, aligned['b'].mask
    )
    (got,) = aligner.loss(aligned).items()
    assert got[0] == 'loss_dtw_b'
    torch.testing.assert_close(got[1], want)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'gamma': 0.0}, 'gamma'),
        ({'embed_dims': 0}, 'embed_dims'),
        ({'time_weight': -1.0}, 'time_weight'),
        ({'in_channels': {'a': 4}}, 'in_channels'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        SoftDTWAligner(
            **{'modalities': ('a', 'b'), 'in_channels': 4, **changes}
        )
