"""What the watching hooks share: when they look, and at what."""

import itertools
import json
import warnings
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.optim import ExponentialLR, OptimWrapper, OptimWrapperDict
from torch import nn

from trimodal.engine.hooks.loop_parts import LoopParts
from trimodal.engine.hooks.monitoring import (
    StepMonitor,
    gradient_norms,
    log_scalars,
)
from trimodal.engine.hooks.simple_profiler_hook import PartTimer


class Watch(StepMonitor):
    """Sees the weights at each look."""

    def measure(self, runner):
        return runner.model.weight.grad.clone()

    def scalars(self, measured):
        return {'grad': measured.item()}


class Loggers:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.logged: list[tuple[int, dict]] = []

    def add_scalars(self, scalars: dict, step: int) -> None:
        self.logged.append((step, scalars))


def new_runner(accumulated: int = 1, by_epoch: bool = True):
    model = nn.Linear(1, 1, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return SimpleNamespace(
        model=model,
        optim_wrapper=OptimWrapper(optimizer, accumulative_counts=accumulated),
        log_processor=SimpleNamespace(by_epoch=by_epoch),
        visualizer=Loggers(),
        iter=0,
        epoch=0,
        max_iters=100,
    )


def run(hook: StepMonitor, runner, count: int) -> list[tuple[int, dict]]:
    """``count`` iterations; the gradient of iteration i is i."""
    hook.before_train(runner)
    for runner.iter in range(count):
        hook.before_train_iter(runner, runner.iter)
        loss = runner.model(torch.full((1, 1), float(runner.iter)))
        runner.optim_wrapper.update_params(loss.sum())
        hook.after_train_iter(runner, runner.iter)
    hook.after_train(runner)
    return runner.visualizer.logged


def test_it_looks_every_so_often():
    logged = run(Watch(3), new_runner(), 7)
    assert logged == [
        (3, {'grad': 2.0, 'iter': 3, 'epoch': 1}),
        (6, {'grad': 5.0, 'iter': 6, 'epoch': 1}),
    ]


def test_it_waits_for_the_step_of_accumulated_gradients():
    """Steps after iterations 4 and 8; due since 3 and 6."""
    logged = run(Watch(3), new_runner(4, by_epoch=False), 8)
    assert logged == [
        (4, {'grad': (0 + 1 + 2 + 3) / 4, 'iter': 4}),
        (8, {'grad': (4 + 5 + 6 + 7) / 4, 'iter': 8}),
    ]


@pytest.mark.parametrize('order', itertools.permutations(range(4)))
def test_the_optimizer_is_left_as_it_was(order: tuple[int, ...]):
    """Three monitors and a profiler, which end in any order."""
    runner = new_runner()
    runner.model.data_preprocessor = nn.Identity()
    runner.val_loop, runner.call_hook = None, print
    before = runner.optim_wrapper.step
    hooks = [Watch(1), Watch(2), Watch(3)]
    parts = LoopParts(PartTimer())
    ends = [partial(hook.after_train, runner) for hook in hooks]
    ends.append(parts.detach)
    for _ in range(2):  # also when they are used again
        for hook in hooks:
            hook.before_train(runner)
        parts.attach(runner)
        assert runner.optim_wrapper.step != before
        for i in order:
            ends[i]()
        assert runner.optim_wrapper.step == before
        assert 'step' not in vars(runner.optim_wrapper)
    runner.model.weight.grad = torch.ones(1, 1)
    runner.optim_wrapper.step()
    assert runner.visualizer.logged == []
    assert runner.call_hook is print


def test_norms_are_those_of_torch():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2), nn.Linear(2, 2))
    model[1](model[0](torch.randn(5, 3))).square().sum().backward()
    groups = {str(i): list(part.parameters()) for i, part in enumerate(model)}
    groups |= {'all': list(model.parameters()), 'none': []}
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=1))
    norms = gradient_norms(groups, wrapper).tolist()
    for name, norm in zip(groups, norms, strict=True):
        grads = [p.grad for p in groups[name] if p.grad is not None]
        expected = torch.nn.utils.get_total_norm(grads) if grads else 0.0
        assert norm == pytest.approx(float(expected), rel=1e-6), name
    assert norms[2] == 0  # had no part in the loss
    model.zero_grad()
    assert gradient_norms(groups, wrapper).tolist() == [0.0] * 5


def test_norms_are_free_of_the_loss_scale():
    model = nn.Linear(3, 2)
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=1))
    groups = {'all': list(model.parameters())}
    model(torch.ones(4, 3)).sum().backward()
    expected = gradient_norms(groups, wrapper)
    model.zero_grad()
    wrapper.loss_scaler = torch.amp.GradScaler('cpu', init_scale=256.0)
    loss = model(torch.ones(4, 3)).sum()
    wrapper.loss_scaler.scale(loss).backward()
    torch.testing.assert_close(gradient_norms(groups, wrapper), expected)
    wrapper.loss_scaler = torch.amp.GradScaler('cpu', enabled=False)
    torch.testing.assert_close(gradient_norms(groups, wrapper), 256 * expected)


def test_what_is_refused():
    with pytest.raises(ValueError, match=r'interval must be .* got 0'):
        Watch(0)
    runner = new_runner()
    runner.optim_wrapper = OptimWrapperDict(a=runner.optim_wrapper)
    with pytest.raises(ValueError, match='Watch needs a single optimizer'):
        Watch(1).before_train(runner)


def test_scalars_stand_with_those_of_the_iteration(tmp_path: Path):
    from mmengine.visualization import Visualizer

    backends = [{'type': 'LocalVisBackend'}]
    runner = new_runner()
    runner.visualizer = Visualizer(
        'scalars', vis_backends=backends, save_dir=str(tmp_path)
    )
    runner.iter = 4
    log_scalars(runner, {'lr/a': 0.5})
    line = (tmp_path / 'vis_data' / 'scalars.json').read_text()
    assert json.loads(line) == {'lr/a': 0.5, 'iter': 5, 'epoch': 1, 'step': 5}


def test_schedulers_do_not_complain():
    """They warn of a step that somebody has replaced."""
    runner = new_runner()
    scheduler = ExponentialLR(runner.optim_wrapper, gamma=0.5)
    hook = Watch(1)
    hook.before_train(runner)
    runner.model.weight.grad = torch.ones(1, 1)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        runner.optim_wrapper.step()
        scheduler.step()
    assert runner.optim_wrapper.param_groups[0]['lr'] == 0.05
