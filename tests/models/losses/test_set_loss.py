"""The set loss against a plain DETR criterion."""

import math
from dataclasses import replace

import pytest
import torch

from benchmarks.matcher_references import plain_losses
from tests.models.losses.box_cases import make_truth, padded, random_boxes
from trimodal.models import SetLoss
from trimodal.models.layers.box_targets import BoxTargets, Matches

COUNTS = (3, 0, 5, 1)
SOFTMAX = {
    'classification': 'softmax',
    'matcher': {'type': 'HungarianMatcher', 'class_cost': 'probability'},
}
REAL = torch.ones(4, 7, dtype=torch.bool)


@pytest.mark.parametrize('softmax', [True, False])
def test_equals_the_plain_criterion_with_its_gradient(softmax):
    loss = SetLoss(**(SOFTMAX if softmax else {'classification': 'focal'}))
    logits = torch.randn(3, 4, 7, 3 + softmax, requires_grad=True)
    boxes = random_boxes(3, 4, 7).requires_grad_()
    truth = make_truth(COUNTS)
    count = torch.tensor(float(sum(COUNTS)))
    got = loss(logits, boxes, padded(truth, 2), REAL, count)
    total = torch.zeros(())
    for layer in range(3):
        want = plain_losses(logits[layer], boxes[layer], truth, softmax)
        assert set(want) == set(got)
        for name, value in want.items():
            torch.testing.assert_close(
                got[name][layer], value, atol=1e-5, rtol=1e-5
            )
        total = total + sum(want.values())
    mine = torch.stack(list(got.values())).sum()
    for a, b in zip(
        torch.autograd.grad(mine, (logits, boxes)),
        torch.autograd.grad(total, (logits, boxes)),
        strict=True,
    ):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)


def test_varifocal_rewards_a_score_that_tells_the_overlap():
    """The best logit of a matched query is that of its box's IoU."""
    truth = [(torch.tensor([1]), torch.tensor([[0.5, 0.5, 0.4, 0.4]]))]
    boxes = torch.tensor([0.5, 0.5, 0.4, 0.2]).view(1, 1, 1, 4)
    logits = torch.full((1, 1, 1, 3), -9.0)
    logits[..., 1] = torch.tensor(0.5).logit()
    logits.requires_grad_()
    loss = SetLoss()(
        logits, boxes, padded(truth), REAL[:1, :1], torch.ones(())
    )
    (grad,) = torch.autograd.grad(loss['loss_class'].sum(), logits)
    assert grad[..., 1].abs() < 1e-6


def test_samples_that_are_not_annotated_are_not_asked():
    targets = padded(make_truth((2, 0)))
    first = replace(targets, annotated=torch.tensor([True, False]))
    logits, boxes = torch.randn(1, 2, 7, 3), random_boxes(1, 2, 7)
    count = torch.tensor(2.0)
    got = SetLoss()(logits, boxes, first, REAL[:2], count)
    alone = padded(make_truth((0,)))
    rest = SetLoss()(logits[:, 1:], boxes[:, 1:], alone, REAL[:1], count)
    both = SetLoss()(logits, boxes, targets, REAL[:2], count)
    torch.testing.assert_close(
        got['loss_class'] + rest['loss_class'], both['loss_class']
    )
    torch.testing.assert_close(got['loss_l1'], both['loss_l1'])


LOG_2 = math.log(2)
# Logits of 0 are scores of 0.5. The matched query pays as an object for its
# class and as none for two others; one outside the crowd pays for three.
FOCAL = LOG_2 * (0.25 * 0.25 + 5 * 0.75 * 0.25)
VARIFOCAL = LOG_2 * (1 + 5 * 0.75 * 0.25)


def in_crowd() -> tuple[BoxTargets, torch.Tensor]:
    """A true box, its query and another in a crowd, a third outside.

    In the second layer the third is in the crowd, and the second is not.
    """
    inside, outside = [0.3, 0.3, 0.2, 0.2], [0.8, 0.8, 0.2, 0.2]
    truth = [(torch.tensor([1]), torch.tensor([inside]))]
    crowds = torch.tensor([[[0.25, 0.25, 0.5, 0.5]]])
    near = [0.35, 0.35, 0.2, 0.2]
    boxes = torch.tensor([[inside, near, outside], [inside, outside, near]])
    return replace(padded(truth), crowds=crowds), boxes.unsqueeze(1)


@pytest.mark.parametrize('known', [False, True])
@pytest.mark.parametrize(
    ('classification', 'want'), [('focal', FOCAL), ('varifocal', VARIFOCAL)]
)
def test_what_is_found_in_a_crowd_is_not_wrong(classification, want, known):
    """By hand, matched or, as in denoising, known."""
    targets, boxes = in_crowd()
    matches = None
    if known:
        layer, zeros = torch.arange(2), torch.zeros(2, dtype=torch.int64)
        matches = Matches(layer, zeros, zeros, zeros)
    logits = torch.zeros(2, 1, 3, 3, requires_grad=True)
    got = SetLoss(classification=classification)(
        logits, boxes, targets, REAL[:1, :3], torch.ones(()), matches
    )
    torch.testing.assert_close(got['loss_class'], torch.full((2,), want))
    (grad,) = torch.autograd.grad(got['loss_class'].sum(), logits)
    learned = [[True, False, True], [True, True, False]]
    assert grad.any(3)[:, 0].tolist() == learned
    assert not got['loss_l1'].any()


def test_softmax_asks_nobody_in_a_crowd():
    targets, boxes = in_crowd()
    logits = torch.randn(2, 1, 3, 4)
    got = SetLoss(**SOFTMAX, l1_weight=9.0)(
        logits, boxes, targets, REAL[:1, :3], torch.ones(())
    )
    logs = logits.log_softmax(-1)
    for layer, asked in enumerate((2, 1)):
        total = -logs[layer, 0, 0, 1] - 0.1 * logs[layer, 0, asked, 3]
        torch.testing.assert_close(got['loss_class'][layer], total / 1.1)


def test_nothing_at_all_gives_zero_with_a_graph():
    targets = padded(make_truth((0, 0)))
    targets = replace(targets, annotated=torch.zeros(2, dtype=torch.bool))
    logits = torch.randn(2, 2, 7, 3, requires_grad=True)
    boxes = random_boxes(2, 2, 7).requires_grad_()
    got = SetLoss()(logits, boxes, targets, REAL[:2], torch.ones(()))
    total = torch.stack(list(got.values())).sum()
    assert total.item() == 0
    for grad in torch.autograd.grad(total, (logits, boxes)):
        assert not grad.any()


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_full(dtype):
    logits, boxes = torch.randn(2, 4, 7, 3).to(dtype), random_boxes(2, 4, 7)
    given = (padded(make_truth(COUNTS)), REAL, torch.tensor(9.0))
    want = SetLoss()(logits.float(), boxes, *given)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        got = SetLoss()(logits, boxes, *given)
    for name, value in want.items():
        assert got[name].dtype == torch.float32
        torch.testing.assert_close(got[name], value)


def test_scores():
    logits = torch.randn(2, 3, 4)
    soft = SetLoss(**SOFTMAX)
    assert soft.extra_logits == 1
    want = logits.softmax(-1)[..., :3]
    torch.testing.assert_close(soft.scores(logits), want)
    assert SetLoss().extra_logits == 0
    torch.testing.assert_close(SetLoss().scores(logits), logits.sigmoid())


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'classification': 'hinge'}, 'classification'),
        ({'giou_weight': -1.0}, 'giou_weight'),
        ({'alpha': -0.5}, 'alpha'),
    ],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        SetLoss(**settings)
