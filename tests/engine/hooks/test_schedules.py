"""Helpers of the hooks that steer a model."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import IterBasedTrainLoop
from torch import nn
from torch.optim import SGD

from trimodal.engine.hooks import (
    GradientBlendingHook,
    ModalityDropoutSchedule,
    OGMGEHook,
)
from trimodal.engine.hooks.schedules import (
    check_epochs,
    check_span,
    find_objective,
    optim_wrappers,
    unwrapped,
)


def test_spans():
    check_span(0, None)
    check_span(3, 4)
    with pytest.raises(ValueError, match='begin must be at least 0, got -1'):
        check_span(-1, None)
    with pytest.raises(ValueError, match='larger than begin=4, got 4'):
        check_span(4, 4)


def test_a_loop_by_iterations_has_no_epochs():
    check_epochs(SimpleNamespace(train_loop=None), 'This')
    loop = IterBasedTrainLoop.__new__(IterBasedTrainLoop)
    runner = SimpleNamespace(train_loop=loop)
    with pytest.raises(ValueError, match='This needs training by epochs'):
        check_epochs(runner, 'This')
    for hook in (
        GradientBlendingHook(),
        ModalityDropoutSchedule(0.0, 0.5, end=3),
        OGMGEHook(end=3),
    ):
        with pytest.raises(ValueError, match=rf'{type(hook).__name__}.*epoch'):
            hook.before_train(runner)


def test_unwrapped_and_found(monkeypatch):
    model = nn.Module()
    model.objectives = nn.ModuleDict({'wide': nn.Linear(2, 2)})
    wrapper = MMDistributedDataParallel.__new__(MMDistributedDataParallel)
    nn.Module.__init__(wrapper)
    wrapper.module = model
    runner = SimpleNamespace(model=wrapper)
    assert unwrapped(runner) is model
    found = find_objective(runner, 'wide', nn.Linear)
    assert found == (model, model.objectives['wide'])


def test_one_optimizer_or_several():
    weight = nn.Parameter(torch.ones(2))
    one, other = (OptimWrapper(SGD([weight], lr=1.0)) for _ in range(2))
    assert optim_wrappers(SimpleNamespace(optim_wrapper=one)) == [one]
    several = SimpleNamespace(optim_wrapper=OptimWrapperDict(a=one, b=other))
    assert optim_wrappers(several) == [one, other]


def test_a_wrong_name_is_answered_with_those_there_are():
    model = nn.Module()
    runner = SimpleNamespace(model=model)
    with pytest.raises(ValueError, match="got 'x'; there are none"):
        find_objective(runner, 'x', nn.Linear)
    model.objectives = nn.ModuleDict({'wide': nn.Linear(2, 2)})
    with pytest.raises(ValueError, match=r"Conv1d .*\{'wide': 'Linear'\}"):
        find_objective(runner, 'wide', nn.Conv1d)
