"""Log variances of tasks."""

import math

import pytest
import torch

from tests.models.objectives.tasks import batch, losses_of, make
from trimodal.models import UncertaintyWeights

DATA = batch([0, 1, 1], [2.0, None, -1])


def test_by_hand():
    """exp(-0.5) * 2 * 3 + 0.5 and exp(1) * 4 - 1; slopes 1 - exp(-s) f L."""
    part = UncertaintyWeights(('a', 'b'), factors={'a': 2.0})
    with torch.no_grad():
        part.log_variances.copy_(torch.tensor([0.5, -1.0]))
    given = {'a.loss': torch.tensor(3.0), 'b.loss_x': torch.tensor(4.0)}
    losses = part.weigh(given)
    got = {name: value.item() for name, value in losses.items()}
    assert got == pytest.approx(
        {
            'a.loss': 6 * math.exp(-0.5),
            'b.loss_x': 4 * math.e,
            'log_variance.loss_a': 0.5,
            'log_variance.loss_b': -1.0,
            'weight/a': 2 * math.exp(-0.5),
            'weight/b': math.e,
        }
    )
    sum(v for k, v in losses.items() if 'loss' in k).backward()
    slopes = [1 - 6 * math.exp(-0.5), 1 - 4 * math.e]
    assert part.log_variances.grad.tolist() == pytest.approx(slopes)


def test_the_optimum_is_the_logarithm_of_the_loss():
    part = UncertaintyWeights(('a', 'b', 'c'), factors={'b': 2.0})
    optimizer = torch.optim.SGD(part.parameters(), lr=0.3)
    given = {
        'a.loss': torch.tensor(3.0),
        'b.loss': torch.tensor(0.2),
        'c.loss': torch.tensor(0.0),
    }
    for _ in range(100):
        optimizer.zero_grad()
        losses = part.weigh(given)
        sum(v for k, v in losses.items() if 'loss' in k).backward()
        optimizer.step()
    want = [math.log(3.0), math.log(0.4), 0]
    assert part.log_variances.tolist() == pytest.approx(want, abs=1e-3)


def test_the_papers_likelihoods_are_half_of_it():
    """L / (2 v) + log(v) / 2 and L / v + log(v) / 2."""
    part = UncertaintyWeights(('reg', 'cls'), factors={'cls': 2.0})
    with torch.no_grad():
        part.log_variances.copy_(torch.tensor([0.3, -0.7]))
    given = {'reg.loss': torch.tensor(1.5), 'cls.loss': torch.tensor(0.8)}
    losses = part.weigh(given)
    total = sum(v for k, v in losses.items() if 'loss' in k).item()
    paper = 1.5 / (2 * math.exp(0.3)) + 0.15 + 0.8 / math.exp(-0.7) - 0.35
    assert total / 2 == pytest.approx(paper)


def test_in_a_model():
    plain, model = make(), make('uncertainty')
    want, got = losses_of(plain, DATA), losses_of(model, DATA)
    torch.testing.assert_close(got['cls.loss_cls'], 2 * want['cls.loss_cls'])
    for name in ('value.loss_square', 'value.loss_size'):
        torch.testing.assert_close(got[name], want[name])
    assert 'objectives.0.log_variances' in model.state_dict()


def test_bad_factors():
    with pytest.raises(ValueError, match=r"factors\['a'\] must be larger"):
        UncertaintyWeights(('a',), factors={'a': 0.0})
    with pytest.raises(ValueError, match=r"must be for \('a',\), got 'b'"):
        UncertaintyWeights(('a',), factors={'b': 1.0})
