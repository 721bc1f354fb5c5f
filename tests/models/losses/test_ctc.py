import itertools
import math

import pytest
import torch
import torch.nn.functional as F

from trimodal.models import CTCLoss
from trimodal.models.losses.ctc import too_short


def log_probs(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(*shape, generator=generator).log_softmax(-1)
    return x.requires_grad_()


def likelihood(steps, target):
    """The sum over all paths that give the target, one by one."""
    total = 0.0
    for path in itertools.product(range(steps.shape[1]), repeat=len(steps)):
        text = [t for t, _ in itertools.groupby(path) if t]
        if text == target:
            scores = [steps[t, c].item() for t, c in enumerate(path)]
            total += math.exp(sum(scores))
    return total


@pytest.mark.parametrize('per_token', [True, False])
def test_it_is_the_sum_over_all_paths(per_token):
    x = log_probs(2, 5, 3)
    targets = torch.tensor([[1, 2, 2], [2, 0, 0]])
    lengths, sizes = torch.tensor([5, 3]), torch.tensor([3, 1])
    loss = CTCLoss(per_token=per_token)(x, lengths, targets, sizes)
    first = -math.log(likelihood(x[0], [1, 2, 2]))
    second = -math.log(likelihood(x[1, :3], [2]))
    expected = (first / 3 if per_token else first) + second
    assert loss.item() == pytest.approx(expected / 2, abs=1e-5)


def test_it_is_torchs_mean_with_loss_weight():
    x = log_probs(3, 9, 5, seed=1)
    targets = torch.randint(1, 5, (3, 4))
    lengths, sizes = torch.tensor([9, 8, 7]), torch.tensor([4, 2, 3])
    loss = CTCLoss(loss_weight=0.5)(x, lengths, targets, sizes)
    expected = F.ctc_loss(x.transpose(0, 1), targets, lengths, sizes)
    torch.testing.assert_close(loss, 0.5 * expected)


def test_too_few_steps_give_zero_and_count():
    x = log_probs(2, 2, 3)
    targets = torch.tensor([[1, 1], [1, 2]])
    lengths = sizes = torch.tensor([2, 2])
    assert too_short(lengths, targets, sizes).tolist() == [True, False]
    loss = CTCLoss(per_token=False)(x, lengths, targets, sizes)
    loss.backward()
    assert loss.item() == pytest.approx(-(x[1, 0, 1] + x[1, 1, 2]).item() / 2)
    assert x.grad.isfinite().all()
    assert not x.grad[0].any()


def test_what_is_too_short():
    targets = torch.tensor([[1, 1, 1, 2], [1, 1, 0, 0], [1, 0, 0, 0]])
    sizes = torch.tensor([4, 1, 0])
    for lengths, expected in (
        ([6, 1, 0], [False, False, False]),
        ([5, 0, 0], [True, True, False]),
    ):
        short = too_short(torch.tensor(lengths), targets, sizes)
        assert short.tolist() == expected


def test_no_steps_and_no_tokens():
    x = log_probs(2, 3, 3)
    lengths, sizes = torch.tensor([0, 3]), torch.tensor([1, 0])
    targets = torch.tensor([[1], [0]])
    loss = CTCLoss()(x, lengths, targets, sizes)
    loss.backward()
    assert loss.item() == pytest.approx(-x[1, :, 0].sum().item() / 2)
    assert x.grad.isfinite().all()


def test_no_samples_give_zero_with_a_gradient():
    x = log_probs(0, 3, 3)
    none = torch.zeros(0, dtype=torch.int64)
    loss = CTCLoss()(x, none, none.reshape(0, 1), none)
    loss.backward()
    assert loss.item() == 0


@pytest.mark.parametrize('arguments', [{'blank': -1}, {'loss_weight': 0.0}])
def test_bad_arguments(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        CTCLoss(**arguments)
