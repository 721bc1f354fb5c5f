"""Losses of regression against PyTorch's."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models import HuberLoss, L1Loss, MSELoss

NAN = float('nan')
GENERATOR = torch.Generator().manual_seed(0)
PRED = 2 * torch.randn(6, 3, generator=GENERATOR)
TARGET = 2 * torch.randn(6, 3, generator=GENERATOR)
LOSSES = [
    pytest.param(MSELoss, F.mse_loss, {}, id='mse'),
    pytest.param(L1Loss, F.l1_loss, {}, id='l1'),
    pytest.param(HuberLoss, F.huber_loss, {}, id='huber'),
    pytest.param(HuberLoss, F.huber_loss, {'delta': 0.3}, id='huber-delta'),
]


@pytest.mark.parametrize(('loss', 'torchs', 'settings'), LOSSES)
def test_equals_torch(loss, torchs, settings):
    got = loss(**settings, loss_weight=0.5)(PRED, TARGET)
    torch.testing.assert_close(got, 0.5 * torchs(PRED, TARGET, **settings))


@pytest.mark.parametrize(('loss', 'torchs', 'settings'), LOSSES)
def test_only_what_is_annotated_counts(loss, torchs, settings):
    target = TARGET.clone()
    target[0] = NAN
    target[2, 1] = NAN
    known = ~target.isnan()
    pred = PRED.clone().requires_grad_()
    got = loss(**settings)(pred, target)
    want = torchs(PRED[known], target[known], **settings)
    torch.testing.assert_close(got, want)
    got.backward()
    assert pred.grad.isfinite().all()
    assert (pred.grad != 0).equal(known)


@pytest.mark.parametrize(('loss', 'torchs', 'settings'), LOSSES)
def test_nothing_annotated_gives_zero(loss, torchs, settings):
    pred = PRED.clone().requires_grad_()
    got = loss(**settings)(pred, torch.full_like(TARGET, NAN))
    assert got.item() == 0
    got.backward()
    assert not pred.grad.any()


def test_huber_by_hand():
    # Errors 1 and 4 with delta 2: 1 / 2, and 2 (4 - 1).
    pred, target = torch.tensor([[1.0, 4.0]]), torch.zeros(1, 2)
    assert HuberLoss(delta=2.0)(pred, target).item() == (0.5 + 6) / 2


def test_shapes_must_be_equal():
    with pytest.raises(ValueError, match=r'got \(6, 3\) and \(6, 1\)'):
        MSELoss()(PRED, TARGET[:, :1])


@pytest.mark.parametrize(
    ('loss', 'settings', 'message'),
    [
        (MSELoss, {'loss_weight': 0}, 'loss_weight must be larger than 0'),
        (L1Loss, {'loss_weight': -1}, 'loss_weight must be larger than 0'),
        (HuberLoss, {'delta': 0}, 'delta must be larger than 0, got 0'),
    ],
)
def test_bad_arguments(loss, settings, message):
    with pytest.raises(ValueError, match=message):
        loss(**settings)
