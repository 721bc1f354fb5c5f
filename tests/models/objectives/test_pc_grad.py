"""Gradients that conflict, and those that do not."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from tests.models.objectives.tasks import batch, losses_of, make
from trimodal.models import BaseObjective, PCGrad
from trimodal.models.objectives.pc_grad import projected

DATA = batch([0, 1, 1, 0], [2.0, -3, -1, 4])


class Order:
    """Draws what it is told to."""

    def __init__(self, *orders: tuple[int, ...]) -> None:
        self.orders = iter(orders)

    def permutation(self, size: int) -> tuple[int, ...]:
        return next(self.orders)


def test_two_vectors_by_hand():
    """(1, 0) and (-1, 1): inner product -1.

    The first becomes (1, 0) + (-1, 1) / 2 = (0.5, 0.5), the second
    (-1, 1) + (1, 0) = (0, 1); their sum is (0.5, 1.5) = 2 a + 1.5 b.
    """
    g = np.array([[1.0, 0.0], [-1.0, 1.0]])
    weights = projected(g @ g.T, np.random.default_rng(0))
    assert weights.tolist() == pytest.approx([2.0, 1.5])
    assert (weights @ g).tolist() == pytest.approx([0.5, 1.5])


def test_vectors_that_agree_stay():
    g = np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    weights = projected(g @ g.T, np.random.default_rng(0))
    assert weights.tolist() == [1, 1, 1]
    nothing = np.array([[1.0, 0.0], [0.0, 0.0]])
    weights = projected(nothing @ nothing.T, np.random.default_rng(0))
    assert weights.tolist() == [1, 1]


@pytest.mark.parametrize('orders', [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_three_vectors_in_any_order(orders: tuple[int, ...]):
    """Against the paper's algorithm 1 on the vectors themselves."""
    g = np.random.default_rng(4).normal(size=(3, 5))
    total = np.zeros(5)
    for i in range(3):
        moved = g[i].copy()
        for j in orders:
            if j != i and moved @ g[j] < 0:
                moved -= (moved @ g[j]) / (g[j] @ g[j]) * g[j]
        total += moved
    weights = projected(g @ g.T, Order(orders, orders, orders))
    np.testing.assert_allclose(weights @ g, total, rtol=1e-9)


def test_the_order_matters_and_is_drawn_anew_each_step():
    found = set()
    g = np.array([[1.0, 0.2], [-1.0, 0.3], [-0.4, -1.0]])
    for step in range(20):
        rng = np.random.default_rng((0, step))
        found.add(tuple(np.round(projected(g @ g.T, rng), 6)))
    assert len(found) > 1


class Toy(nn.Module):
    """Parameters that tasks share, and one of each task."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.shared = nn.Parameter(torch.tensor([1.0, 1.0]))
        own = {n: nn.ParameterList([torch.ones(1)]) for n in 'xy'}
        self.heads = nn.ModuleDict(own)
        part = PCGrad(('x', 'y'), seed)
        self.objectives = nn.ModuleDict({'weighting': part})
        part.attach(self)

    def losses(self) -> dict[str, torch.Tensor]:
        x, y = (self.heads[name][0] for name in 'xy')
        return {
            'x.loss_a': self.shared @ torch.tensor([1.0, 0.0]) + 3 * x.sum(),
            'y.loss_b': self.shared @ torch.tensor([-1.0, 0.0]),
            'y.loss_c': self.shared @ torch.tensor([0.0, 1.0]) + 7 * y.sum(),
            'fusion.loss': self.shared.sum() * 10,
        }


def test_shared_gradients_are_projected_others_stay():
    model = Toy()
    losses = model.losses()
    got = model.objectives['weighting'].weigh(losses)
    for name, value in losses.items():
        assert got[name] == value
    assert [got[f'weight/{n}'].item() for n in 'xy'] == pytest.approx([2, 1.5])
    total = sum(value for name, value in got.items() if 'loss' in name)
    (4 * total).backward()  # as a scaled loss would
    # What belongs to no task comes on top.
    want = [4 * (0.5 + 10), 4 * (1.5 + 10)]
    assert model.shared.grad.tolist() == pytest.approx(want)
    assert model.heads['x'][0].grad.item() == 12
    assert model.heads['y'][0].grad.item() == 28


def test_without_conflict_it_is_the_plain_gradient():
    """One task never conflicts: the same gradient, taken another way."""
    plain, model = make().train(), make({'type': 'PCGrad', 'tasks': ['cls']})
    for each in (plain, model.train()):
        each.parse_losses(losses_of(each, DATA))[0].backward()
    for name, parameter in plain.named_parameters():
        torch.testing.assert_close(
            model.get_parameter(name).grad, parameter.grad, msg=name
        )


def test_conflicting_tasks_of_a_model():
    """The whole gradient, against each task's by itself."""
    model = make('pc_grad').train()
    model.parse_losses(losses_of(model, DATA))[0].backward()
    shared = [
        name
        for name, _ in model.named_parameters()
        if not name.startswith('heads')
    ]
    rows = []
    for task in ('cls', 'value'):
        alone = make().train()
        losses = losses_of(alone, DATA)
        sum(v for k, v in losses.items() if k.startswith(task)).backward()
        row = [alone.get_parameter(name).grad.flatten() for name in shared]
        rows.append(torch.cat(row).double().numpy())
        for name, parameter in alone.heads[task].named_parameters():
            torch.testing.assert_close(
                model.heads[task].get_parameter(name).grad, parameter.grad
            )
    g = np.stack(rows)
    weights = projected(g @ g.T, np.random.default_rng(0))
    got = torch.cat([model.get_parameter(n).grad.flatten() for n in shared])
    np.testing.assert_allclose(got.numpy(), weights @ g, atol=1e-5)


class Small(BaseObjective):
    """Belongs to no task."""

    def loss(self, streams, fused, data_samples):
        return {'loss_size': fused.pooled.square().mean()}


def test_losses_of_no_task_are_added():
    plain, model = make(Small()).train(), make(Small(), 'pc_grad').train()
    bare = make('pc_grad').train()
    for each in (plain, model, bare):
        losses = losses_of(each, DATA)
        if each is plain:
            losses = {'loss': losses['0.loss_size']}
        each.parse_losses(losses)[0].backward()
    for name, parameter in model.named_parameters():
        other = plain.get_parameter(name).grad
        want = bare.get_parameter(name).grad
        want = want if other is None else want + other
        torch.testing.assert_close(parameter.grad, want, msg=name)


def test_frozen_parts_get_nothing():
    model = make('pc_grad', frozen_encoders=('a',)).train()
    model.parse_losses(losses_of(model, DATA))[0].backward()
    assert all(p.grad is None for p in model.encoders['a'].parameters())
    assert all(p.grad.any() for p in model.encoders['b'].parameters())
    nothing = make('pc_grad', frozen_encoders=('a', 'b'))
    nothing.fusion.requires_grad_(False)
    nothing.train().parse_losses(losses_of(nothing, DATA))[0].backward()
    assert all(p.grad is not None for p in nothing.heads.parameters())


def test_steps_are_counted_and_saved():
    model = make('pc_grad').train()
    part = model.objectives['0']
    for _ in range(2):  # accumulated: one step
        model.parse_losses(losses_of(model, DATA))[0].backward()
    assert part.steps == 1
    model.zero_grad()
    losses_of(model, DATA)
    assert part.steps == 2
    assert 'steps' in part.state_dict()


def test_bad_arguments():
    with pytest.raises(ValueError, match='seed must be >= 0'):
        PCGrad(('a', 'b'), seed=-1)
    part = PCGrad(('a', 'b'))
    empty = SimpleNamespace(heads={}, objectives={})
    with pytest.raises(ValueError, match='tasks must be heads of the model'):
        part.attach(empty)
