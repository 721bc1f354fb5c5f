"""GradNorm in a model, and the layer it looks at."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.models.objectives.tasks import batch, losses_of, make
from trimodal.models import GradNorm
from trimodal.models.objectives.grad_norm import shared_layer

TASKS = {'type': 'GradNorm', 'tasks': ('cls', 'value')}


class Toy(nn.Module):
    """Two tasks, a scale each, on one shared linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.fusion = nn.Linear(3, 2, bias=False)
        self.heads = nn.ModuleDict({'x': nn.Identity(), 'y': nn.Identity()})
        weighting = GradNorm(('x', 'y'), alpha=0.7, lr=0.05)
        self.objectives = nn.ModuleDict({'weighting': weighting})
        weighting.attach(self)


def numpy_run(w: np.ndarray, x: np.ndarray, targets: list, steps: int) -> list:
    """The paper's algorithm with Adam for the weights, by hand."""
    weights, mean, square = np.ones(2), np.zeros(2), np.zeros(2)
    first, history = None, []
    for step in range(1, steps + 1):
        scales, losses, gradients = (1.0, 5.0), [], []
        for scale, target in zip(scales, targets, strict=True):
            error = scale * (x @ w.T) - target
            losses.append((error**2).mean())
            gradients.append(2 * scale * error.T @ x / error.size)
        first = first or losses
        ratio = np.array(losses) / first
        norms = np.array([np.linalg.norm(g) for g in gradients])
        sizes = weights * norms
        aim = sizes.mean() * (ratio / ratio.mean()) ** 0.7
        slope = np.sign(sizes - aim) * norms
        history.append(weights)
        w = w - 0.05 * sum(
            k * g for k, g in zip(weights, gradients, strict=True)
        )
        mean = 0.9 * mean + 0.1 * slope
        square = 0.999 * square + 0.001 * slope**2
        step_size = mean / (1 - 0.9**step)
        step_size /= np.sqrt(square / (1 - 0.999**step)) + 1e-8
        weights = weights - 0.05 * step_size
        weights = weights * 2 / weights.sum()
    return [*history, weights]


def test_two_tasks_on_a_linear_layer():
    torch.manual_seed(0)
    model = Toy()
    x, *targets = torch.randn(10, 3), torch.randn(10, 2), torch.randn(10, 2)
    optimizer = torch.optim.SGD(model.fusion.parameters(), lr=0.05)
    want = numpy_run(
        model.fusion.weight.detach().double().numpy(),
        x.double().numpy(),
        [target.double().numpy() for target in targets],
        6,
    )
    for step in range(6):
        optimizer.zero_grad()
        out = model.fusion(x)
        losses = {
            'x.loss': (out - targets[0]).square().mean(),
            'y.loss': (5 * out - targets[1]).square().mean(),
        }
        weighted = model.objectives['weighting'].weigh(losses)
        got = [weighted[f'weight/{task}'].item() for task in 'xy']
        assert got == pytest.approx(want[step].tolist(), abs=1e-5)
        torch.testing.assert_close(
            weighted['y.loss'], got[1] * losses['y.loss']
        )
        (weighted['x.loss'] + weighted['y.loss']).backward()
        optimizer.step()
    got = model.objectives['weighting'].weights.tolist()
    assert got == pytest.approx(want[6].tolist(), abs=1e-5)
    # The task with the steeper loss counts less and less.
    assert got[1] < 0.8
    assert sum(got) == pytest.approx(2)


def test_the_layer():
    model = make(TASKS)
    fusion = list(model.fusion.parameters())
    found = model.objectives['0']._layer
    assert all(a is b for a, b in zip(found, fusion, strict=True))
    named = make(TASKS | {'layer': 'encoders.a.linear.weight'})
    (found,) = named.objectives['0']._layer
    assert found is named.encoders['a'].linear.weight
    losses_of(named.train(), batch([0, 1], [1.0, 2.0]))
    assert not torch.equal(named.objectives['0'].weights, torch.ones(2))


@pytest.mark.parametrize('layer', ['fusion.nothing', 'heads.cls', 'enc', ''])
def test_no_such_layer(layer: str):
    with pytest.raises(ValueError, match=r'must name a part .* share'):
        make(TASKS | {'layer': layer})


def test_a_fusion_that_learns_nothing():
    fusion = {'type': 'SumFusion', 'modalities': ('a', 'b')}
    fusion |= {'in_channels': 8, 'out_channels': 8}
    model = make(fusion=fusion)
    model.fusion.requires_grad_(False)
    with pytest.raises(ValueError, match='the fusion learns nothing'):
        shared_layer(model, None)


def test_a_task_that_goes_round_the_layer():
    model = make(TASKS).train()
    part = model.objectives['0']
    x = next(model.fusion.parameters())
    losses = {
        'cls.loss': sum(p.sum() for p in model.fusion.parameters()) + x.sum(),
        'value.loss': model.heads['value'].linear.weight.sum(),
    }
    with pytest.raises(ValueError, match="depend on; 'value' does not"):
        part.weigh(losses)
    # Without an annotation a head may well give a zero of its own.
    losses['value.loss'] = 0 * losses['value.loss']
    part.weigh(losses)


def test_bad_arguments():
    with pytest.raises(ValueError, match='alpha must be >= 0'):
        GradNorm(('a', 'b'), alpha=-1.0)
    with pytest.raises(ValueError, match='lr must be larger than 0'):
        GradNorm(('a', 'b'), lr=0.0)
