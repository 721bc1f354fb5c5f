"""Focal losses against torchvision's and against cross-entropy."""

import math

import pytest
import torch
import torch.nn.functional as F
from torchvision.ops import sigmoid_focal_loss

from trimodal.models import FocalLoss, SoftmaxFocalLoss

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = 3 * torch.randn(6, 4, generator=GENERATOR)
TARGET = torch.tensor([0, 3, 1, 1, 2, 0])
SHARES = torch.rand(6, 4, generator=GENERATOR)


@pytest.mark.parametrize('gamma', [0.0, 0.5, 2.0])
@pytest.mark.parametrize('alpha', [None, 0.25, 0.6])
@pytest.mark.parametrize('soft', [True, False])
def test_equals_torchvision(gamma, alpha, soft):
    target = SHARES if soft else F.one_hot(TARGET, 4).float()
    want = sigmoid_focal_loss(
        LOGITS, target, -1 if alpha is None else alpha, gamma, 'sum'
    )
    loss = FocalLoss(gamma, alpha, loss_weight=0.5)
    got = loss(LOGITS, SHARES if soft else TARGET)
    torch.testing.assert_close(got, 0.5 * want / 6, atol=1e-6, rtol=1e-6)


def test_by_hand():
    logits = torch.tensor([[0.0, math.log(4)]])
    loss = FocalLoss(2.0, None)(logits, torch.tensor([0]))
    # p = 1/2 and 4/5: one is right, the other wrong.
    want = 0.5**2 * math.log(2) + 0.8**2 * math.log(5)
    assert loss.item() == pytest.approx(want, abs=1e-5)


@pytest.mark.parametrize('weight', [None, (1.0, 2.0, 0.5, 3.0)])
@pytest.mark.parametrize('soft', [True, False])
def test_softmax_without_gamma_is_cross_entropy(weight, soft):
    target = SHARES / SHARES.sum(1, keepdim=True) if soft else TARGET
    tensor = None if weight is None else torch.tensor(weight)
    want = F.cross_entropy(LOGITS, target, tensor, reduction='sum')
    count = 6.0
    if tensor is not None:
        count = (target @ tensor if soft else tensor[target]).sum()
    got = SoftmaxFocalLoss(0.0, weight)(LOGITS, target)
    torch.testing.assert_close(got, want / count)


def test_softmax_by_its_formula():
    p = LOGITS.softmax(1)[range(6), TARGET]
    want = ((1 - p) ** 1.5 * -p.log()).mean()
    torch.testing.assert_close(SoftmaxFocalLoss(1.5)(LOGITS, TARGET), want)


def test_gradients_are_finite_where_all_is_right():
    logits = torch.tensor([[100.0, 0.0]], requires_grad=True)
    SoftmaxFocalLoss(0.5)(logits, torch.tensor([0])).backward()
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize(
    ('kind', 'settings', 'message'),
    [
        (FocalLoss, {'gamma': -1}, 'gamma'),
        (FocalLoss, {'alpha': 1.5}, 'alpha'),
        (FocalLoss, {'loss_weight': 0}, 'loss_weight'),
        (SoftmaxFocalLoss, {'gamma': -1}, 'gamma'),
        (SoftmaxFocalLoss, {'class_weight': (0.0, 1.0)}, 'class_weight'),
    ],
)
def test_bad_arguments(kind, settings, message):
    with pytest.raises(ValueError, match=message):
        kind(**settings)
