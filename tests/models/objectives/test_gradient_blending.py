"""Blended losses and the formula of their weights."""

import pytest
import torch

from tests.models.small import WIDTH, make_data, make_model
from trimodal.models import GradientBlending
from trimodal.models.objectives.gradient_blending import blend_weights

NAMES = ('speech', 'gesture', 'image')
BLEND = {
    'type': 'GradientBlending',
    'modalities': NAMES,
    'in_channels': WIDTH,
    'head': {'type': 'ClsHead', 'num_classes': 5},
}


def make(**changes):
    model = make_model(objectives={'blend': {**BLEND, **changes}})
    batch = model.data_preprocessor(make_data(['sgi', 'gi'], [0, 1]), True)
    return model, batch


def test_weights_by_hand():
    """G = 0.6, 0.2, -0.1; O = 0.3, 0.1, 0.2: G / O^2 = 6.67, 20, 0."""
    before = torch.tensor([[2.0, 2.0, 2.0], [2.1, 2.2, 2.0]])
    now = torch.tensor([[1.1, 1.7, 1.9], [1.5, 2.0, 2.1]])
    got = blend_weights(before, now, 0.01)
    assert got.tolist() == pytest.approx([0.25, 0.75, 0], rel=1e-5)


def test_no_overfitting_is_no_division_by_zero():
    before, now = (
        torch.tensor([[2.0, 2], [2, 2]]),
        torch.tensor([[1.0, 1]] * 2),
    )
    now[0, 1] = 0.5
    got = blend_weights(before, now, 0.1)
    # G = 1 and 1, O = 0 (counts as 0.1) and 0.5: 100 to 4.
    assert got.tolist() == pytest.approx([100 / 104, 4 / 104])


def test_no_gain_gives_no_weights():
    same = torch.ones(2, 3)
    assert blend_weights(same, same + 0.1, 0.01) is None


def test_total_is_the_weighted_sum():
    model, batch = make()
    blend = model.objectives['blend']
    assert blend.weights.tolist() == [0.25] * 4
    with blend.unweighted():
        plain = blend.collect(model(**batch, mode='loss'), 'blend')
    assert blend.weights.tolist() == [0.25] * 4
    blend.weights.copy_(torch.tensor([0.1, 0.2, 0.3, 0.4]))
    losses = model(**batch, mode='loss')
    total, _ = model.parse_losses(losses)
    torch.testing.assert_close(total, (plain * blend.weights).sum())
    torch.testing.assert_close(losses['cls.loss_cls'], 0.1 * plain[0])
    torch.testing.assert_close(losses['blend.loss_cls_image'], 0.4 * plain[3])
    assert plain[0] > 0


def test_names_that_end_alike_are_told_apart():
    settings = {**BLEND, 'modalities': ('hand', 'left_hand')}
    del settings['type']
    blend = GradientBlending(**settings)
    losses = {
        'cls.loss_cls': 1.0,
        'blend.loss_cls_hand': 2.0,
        'blend.loss_cls_left_hand': 4.0,
        'blend.score_hand': 8.0,
        'fusion.loss_kl': 16.0,
    }
    given = {name: torch.tensor(value) for name, value in losses.items()}
    assert blend.collect(given, 'blend').tolist() == [1, 2, 4]


def test_gradients_reach_every_head_and_encoder():
    model, batch = make()
    total, _ = model.parse_losses(model(**batch, mode='loss'))
    total.backward()
    assert all(p.grad is not None for p in model.parameters())


def test_weights_are_saved():
    names = set(make()[0].state_dict())
    assert {'objectives.blend.weights', 'objectives.blend.measured'} <= names


def test_bad_tasks():
    with pytest.raises(ValueError, match='tasks must name heads'):
        make(tasks=())
    model, batch = make(tasks=('answer',))
    with pytest.raises(ValueError, match=r"got 'answer'.*cls\.loss_cls"):
        model(**batch, mode='loss')


def test_terms():
    settings = {k: v for k, v in BLEND.items() if k != 'type'}
    assert GradientBlending(**settings).terms == ('fused', *NAMES)
