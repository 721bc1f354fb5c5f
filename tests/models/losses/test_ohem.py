"""Hard-example mining by hand; two processes are in test_contracts.py."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models import CrossEntropyLoss, OHEMLoss

LOGITS = torch.randn(10, 4, generator=torch.Generator().manual_seed(0))
TARGET = torch.arange(10) % 4


@pytest.mark.parametrize(
    ('ratio', 'count'), [(1.0, 10), (0.7, 7), (0.71, 8), (0.01, 1)]
)
def test_the_hardest_are_kept(ratio, count):
    logits = LOGITS.clone().requires_grad_()
    each = F.cross_entropy(LOGITS, TARGET, reduction='none')
    want, hardest = each.topk(count)
    loss = OHEMLoss(ratio=ratio)(logits, TARGET)
    torch.testing.assert_close(loss, want.mean())
    loss.backward()
    learns = logits.grad.any(1).nonzero().flatten()
    assert torch.equal(learns, hardest.sort().values)


def test_weights_count_among_the_kept():
    weight = torch.tensor([1.0, 2.0, 0.5, 3.0])
    inner = CrossEntropyLoss(class_weight=weight.tolist(), loss_weight=2.0)
    each = F.cross_entropy(LOGITS, TARGET, weight, reduction='none')
    values, kept = each.topk(5)
    want = 2 * values.sum() / weight[TARGET[kept]].sum()
    got = OHEMLoss(inner, ratio=0.5)(LOGITS, TARGET)
    torch.testing.assert_close(got, want)


def test_of_equal_losses_the_first():
    logits = torch.zeros(4, 2, requires_grad=True)
    OHEMLoss(ratio=0.5)(logits, torch.zeros(4, dtype=torch.int64)).backward()
    assert logits.grad.any(1).tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'ratio': 0.0}, r'ratio must be in \(0, 1\], got 0.0'),
        ({'ratio': 1.1}, 'ratio'),
        ({'loss': torch.nn.MSELoss()}, 'got MSELoss'),
    ],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        OHEMLoss(**settings)
