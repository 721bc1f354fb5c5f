"""A mean over samples."""

import pytest
import torch

from trimodal.models import SampleLoss


class Squares(SampleLoss):
    """Squares, counted twice as much for a target of 1."""

    def each(self, logits, target):
        counts = 1.0 + target
        return logits.square().sum(1) * counts, counts


def test_a_weighted_mean():
    loss = Squares(loss_weight=0.5)
    got = loss(torch.tensor([[1.0, 2.0], [3.0, 0.0]]), torch.tensor([0, 1]))
    assert got.item() == pytest.approx(0.5 * (5 + 2 * 9) / 3)


def test_no_samples_give_zero():
    logits = torch.zeros(0, 2, requires_grad=True)
    loss = Squares()(logits, torch.empty(0, dtype=torch.int64))
    loss.backward()
    assert loss.item() == 0


def test_half_precision_is_computed_in_full():
    logits = torch.full((1, 1), 300.0, dtype=torch.float16)
    assert Squares()(logits, torch.tensor([0])).item() == 90000


def test_bad_weight():
    with pytest.raises(ValueError, match='loss_weight'):
        Squares(loss_weight=-1)
