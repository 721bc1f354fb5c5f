"""The model and the random state are as they were."""

import pytest
import torch
from torch import nn

from trimodal.utils.forward_once import (
    evaluating,
    first_sample,
    forward_hooks,
    model_arguments,
    only_hooks,
)


def test_nothing_is_left_behind():
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5))
    model[1].eval()
    state = torch.get_rng_state()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    with evaluating(model):
        assert not any(m.training for m in model.modules())
        torch.rand(3)
        assert not model(torch.ones(4, 2).requires_grad_()).requires_grad
    assert [m.training for m in model.modules()] == [True, True, False]
    assert torch.equal(torch.get_rng_state(), state)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_nor_after_an_error():
    model = nn.Linear(2, 2)
    with pytest.raises(RuntimeError), evaluating(model):
        model(torch.ones(3, 3))
    assert model.training
    assert torch.is_grad_enabled()


def test_only_some_hooks_are_called():
    model, heard = nn.Sequential(nn.Linear(2, 2)), []

    def hear(name):
        return lambda *_: heard.append(name)

    for name in 'ab':
        model[0].register_forward_hook(hear(name))
    own = forward_hooks(model)
    model.register_forward_pre_hook(hear('before'))
    last = model[0].register_forward_hook(hear('c'))
    with only_hooks(model, own):
        inside = model.register_forward_hook(hear('inside'))
        model(torch.ones(1, 2))
        inside.remove()
    assert heard == ['a', 'b', 'inside']
    with pytest.raises(RuntimeError), only_hooks(model, own):
        model(torch.ones(1, 3))
    heard.clear()
    model(torch.ones(1, 2))
    last.remove()  # its handle still has it
    model(torch.ones(1, 2))
    assert heard == ['before', 'a', 'b', 'c', 'before', 'a', 'b']


def test_the_first_sample():
    batch = {'inputs': torch.arange(4), 'data_samples': ('a', 'b'), 'n': 1}
    first = first_sample(batch)
    assert first['inputs'].tolist() == [0]
    assert (first['data_samples'], first['n']) == (('a',), 1)


def test_arguments_come_from_the_preprocessor():
    model = nn.Module()
    model.data_preprocessor = lambda batch, training: [batch, training]
    assert model_arguments(model, 3) == {'inputs': [3, False]}
    model.data_preprocessor = lambda batch, training: {'x': batch}
    assert model_arguments(model, 3) == {'x': 3}
