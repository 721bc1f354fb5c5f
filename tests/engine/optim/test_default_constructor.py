"""A misspelt key of paramwise_cfg is an error, not a plain optimizer."""

from pathlib import Path
from typing import Any

import pytest
from mmengine.optim import build_optim_wrapper
from torch import nn

from tests.engine.toy import write_config
from tests.tools.launching import failure_of
from trimodal.registry import OPTIM_WRAPPER_CONSTRUCTORS
from trimodal.utils.config import ConfigError

CONSTRUCTOR = 'DefaultOptimWrapperConstructor'
OPTIMIZER = {'type': 'SGD', 'lr': 0.5, 'weight_decay': 0.1}


def build(paramwise: dict, **optimizer: Any) -> Any:
    """With the parameters 0.weight, 0.bias, 1.weight and 1.bias."""
    model = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1))
    cfg = {'optimizer': optimizer or OPTIMIZER}
    constructor = OPTIM_WRAPPER_CONSTRUCTORS.get(CONSTRUCTOR)
    assert constructor is not None
    return model, constructor(cfg, paramwise)(model).optimizer


def test_its_groups_are_mmengines():
    paramwise = {
        'norm_decay_mult': 0.0,
        'bias_lr_mult': 2.0,
        'custom_keys': {'1.bias': {'lr_mult': 0.1, 'momentum': 0.9}},
    }
    model, optimizer = build(paramwise)
    cfg = {
        'constructor': f'mmengine.{CONSTRUCTOR}',
        'optimizer': OPTIMIZER,
        'paramwise_cfg': paramwise,
    }
    expected = build_optim_wrapper(model, cfg).optimizer
    assert optimizer.param_groups == expected.param_groups
    rates = [group['lr'] for group in optimizer.param_groups]
    assert rates == [0.5, 1.0, 0.5, 0.05]


def test_through_the_tool(tmp_path: Path, monkeypatch):
    """Which says nothing of the constructor."""
    for index, (paramwise, message) in enumerate(
        (
            ('norm_decay_mul=0.0', 'did you mean norm_decay_mult?'),
            (
                "custom_keys={'encodrs.a': dict(lr_mult=0.1)}",
                "no parameter has 'encodrs.a' in its name; did you mean "
                'encoders.a? Names are encoders.a.weight, norm.weight, '
                'head.weight, ...',
            ),
            (
                "custom_keys={'encoders.a': dict(lr_mul=0.1)}",
                "custom_keys['encoders.a'] has an unknown 'lr_mul'; did you "
                'mean lr_mult? Known are lr_mult, decay_mult, and of the '
                'optimizer lr, betas, eps, weight_decay',
            ),
        )
    ):
        text = f'optim_wrapper.update(paramwise_cfg=dict({paramwise}))'
        path = write_config(tmp_path, f'c{index}', text)
        work_dir = ('--work-dir', tmp_path / 'work')
        line = failure_of(monkeypatch, 'train', path, *work_dir)
        assert line.startswith('error: optim_wrapper.paramwise_cfg')
        assert message in line
        assert not list(tmp_path.rglob('*.pth'))


def test_options_that_only_some_optimizers_read(monkeypatch: Any):
    """As lars_exclude: nothing is near, so it may be meant."""
    told: list = []
    name = 'trimodal.engine.optim.default_constructor.print_log'
    monkeypatch.setattr(name, lambda text, **_: told.append(text))
    custom = {'0': {'lars_exclude': True, 'name': 'first', 'lr': 0.1}}
    _, optimizer = build({'custom_keys': custom})
    assert optimizer.param_groups[0]['lars_exclude']
    assert optimizer.param_groups[0]['lr'] == 0.1
    assert len(told) == 1
    assert "unknown 'lars_exclude'" in told[0]


def test_the_wrapped_model_is_looked_into():
    model = nn.Sequential(nn.Linear(1, 1))
    wrapped = nn.Module()
    wrapped.module = model
    constructor: Any = OPTIM_WRAPPER_CONSTRUCTORS.get(CONSTRUCTOR)
    custom = {'custom_keys': {'.0.': {'lr_mult': 0.1}}}
    with pytest.raises(ConfigError, match=r"has '\.0\.' in its name"):
        constructor({'optimizer': OPTIMIZER}, custom)(wrapped)
    custom = {'custom_keys': {'0.weight': {'lr_mult': 0.1}}}
    wrapper = constructor({'optimizer': OPTIMIZER}, custom)(wrapped)
    assert wrapper.optimizer.param_groups[0]['lr'] == pytest.approx(0.05)
