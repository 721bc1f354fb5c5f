"""Optimizers by name: that they are torch's, and what they spare."""

from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from torch import nn

from trimodal.registry import MODELS, OPTIMIZERS

# By name in a config: what it is in torch, and its arguments.
OPTIMIZER = {
    'Adam': {'lr': 0.01, 'betas': (0.8, 0.9)},
    'AdamW': {'lr': 0.01, 'weight_decay': 0.1},
    'SGD': {'lr': 0.1, 'momentum': 0.9, 'nesterov': True},
    'RMSprop': {'lr': 0.01, 'alpha': 0.9},
    'Adagrad': {'lr': 0.1},
    'Adadelta': {'lr': 1.0},
    'Adamax': {'lr': 0.01},
    'NAdam': {'lr': 0.01},
    'RAdam': {'lr': 0.01},
    'ASGD': {'lr': 0.1},
    'Rprop': {'lr': 0.01},
}


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 1))


def loss_of(model: nn.Module, step: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(step)
    return model(torch.randn(5, 3, generator=generator)).square().sum()


@pytest.mark.parametrize('name', OPTIMIZER)
def test_steps_are_torchs(name: str):
    """Built from a config as a run builds it."""
    ours, theirs = network(), network()
    cfg: dict[str, Any] = {'type': name, **OPTIMIZER[name]}
    wrapper = build_optim_wrapper(
        ours, {'type': 'OptimWrapper', 'optimizer': cfg}
    )
    optimizer = getattr(torch.optim, name)(
        theirs.parameters(), **OPTIMIZER[name]
    )
    for step in range(4):
        wrapper.update_params(loss_of(ours, step))
        optimizer.zero_grad()
        loss_of(theirs, step).backward()
        optimizer.step()
    moved = network().state_dict()
    for key, value in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[key], value)
        assert not torch.equal(moved[key], value)


def test_every_optimizer_of_torch_has_its_name():
    """But Adafactor, whose name may be another library's."""
    names = [
        name
        for name, kind in vars(torch.optim).items()
        if isinstance(kind, type)
        and issubclass(kind, torch.optim.Optimizer)
        and kind is not torch.optim.Optimizer
    ]
    assert set(OPTIMIZER) <= set(names)
    for name in names:
        registered = 'TorchAdafactor' if name == 'Adafactor' else name
        assert OPTIMIZERS.get(registered) is getattr(torch.optim, name)


def test_a_wrong_case_is_told_the_name():
    for name in ('adamw', 'sgd', 'rmsprop'):
        with pytest.raises(KeyError, match='Did you mean'):
            OPTIMIZERS.get(name)


def test_the_schedules_spare_norms_and_biases(repo_root):
    """Of the small fusion model, by the groups of its optimizer."""
    configs = repo_root / 'configs'
    config = Config.fromfile(
        configs / 'demo' / 'cross-attention_small_b16-20e_demo.py'
    )
    model = MODELS.build(config.model)
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    decays = {
        parameter: group['weight_decay']
        for group in wrapper.optimizer.param_groups
        for parameter in group['params']
    }
    norms = (
        nn.modules.batchnorm._BatchNorm,
        nn.modules.instancenorm._InstanceNorm,
        nn.LayerNorm,
    )
    seen = set()
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            spared = isinstance(module, norms) or name == 'bias'
            assert decays[parameter] == (0 if spared else 0.05)
            seen.add((type(module).__name__, spared))
    assert {('MaskedBatchNorm', True), ('LayerNorm', True)} <= seen
    assert {('Linear', True), ('Linear', False)} <= seen
