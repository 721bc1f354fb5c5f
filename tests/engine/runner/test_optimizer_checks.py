"""Rates and bounds that torch takes, and that lead a training astray."""

import math
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from torch import nn

from tests.engine.toy import write_config
from tests.tools.launching import failure_of
from trimodal.engine.runner.optimizer_checks import (
    check_optimizers,
    wrappers_of,
)
from trimodal.utils.config import ConfigError

CLIP = 'optim_wrapper.clip_grad'


def check(clip_grad: Any = None, **optimizer: Any) -> None:
    wrapper = {'optimizer': {'type': 'SGD', **optimizer}}
    if clip_grad is not None:
        wrapper['clip_grad'] = clip_grad
    check_optimizers(Config({'optim_wrapper': wrapper}))


def gradient_after(**clip_grad: Any) -> float:
    """Of 3, through mmengine's wrapper."""
    layer = nn.Linear(1, 1, bias=False)
    optimizer = torch.optim.SGD(layer.parameters(), lr=1)
    layer.weight.grad = torch.full((1, 1), 3.0)
    OptimWrapper(optimizer, clip_grad=clip_grad)._clip_grad()
    return layer.weight.grad.item()


def test_why_a_negative_bound_is_refused():
    """mmengine and torch take it, and the gradient points upwards."""
    for clipping in ({'max_norm': -5}, {'type': 'value', 'clip_value': -1}):
        assert gradient_after(**clipping) < 0
        with pytest.raises(ConfigError, match='above 0'):
            check(clipping)
    assert gradient_after(max_norm=math.inf) == 3
    check({'max_norm': math.inf})


@pytest.mark.parametrize(
    'clipping',
    [
        {},
        {'max_norm': 1},
        {'max_norm': 0.5, 'norm_type': math.inf, 'error_if_nonfinite': True},
        {'max_norm': 0.5, 'norm_type': 'inf', 'foreach': None},
        {'type': 'norm', 'max_norm': 2},
        {'type': 'value', 'clip_value': 0.1},
    ],
)
def test_clipping_that_is_right(clipping: dict):
    check(clipping)
    if clipping:
        gradient_after(**clipping)


@pytest.mark.parametrize(
    ('clipping', 'message'),
    [
        (5, '=5: must be None or a dict such as dict(max_norm=5.0) or dict('),
        ({'type': 'norms', 'max_norm': 1}, ".type='norms': must be 'norm' or"),
        ({'max_norm': 0}, '.max_norm=0: must be a number above 0'),
        ({'max_norm': math.nan}, '.max_norm=nan: must be a number above 0'),
        ({'max_norm': None}, '.max_norm=None: must be a number above 0'),
        ({'max_norm': '5'}, ".max_norm='5': must be a number above 0; write"),
        ({'max_norm': -math.inf}, '.max_norm=-inf: must be a number above 0'),
        (
            {'type': 'value', 'clip_value': math.inf},
            '.clip_value=inf: must be a finite number above 0',
        ),
        ({'max_norm': 1, 'norm_type': -2}, '.norm_type=-2: must be a number'),
        (
            {'max_norm': 1, 'error_if_nonfinite': 'no'},
            ".error_if_nonfinite='no': must be True or False",
        ),
        ({'norm_type': 2}, ' has no max_norm, as in dict(max_norm=5.0) or'),
        ({'type': 'value'}, ' has no clip_value, as in'),
        (
            {'max_nrm': 1},
            " has an unknown 'max_nrm'; did you mean max_norm? Clipping by "
            'norm takes max_norm, norm_type, error_if_nonfinite, foreach',
        ),
        (
            {'type': 'value', 'max_norm': 1},
            " has an unknown 'max_norm'. Clipping by value takes clip_value",
        ),
    ],
)
def test_clipping_that_is_wrong(clipping: Any, message: str):
    with pytest.raises(ConfigError, match=re.escape(f'{CLIP}{message}')):
        check(clipping)


@pytest.mark.parametrize(
    ('optimizer', 'message'),
    [
        (
            {'lr': '1e-3'},
            "lr='1e-3': must be a finite number at least 0; writ",
        ),
        ({'lr': -1}, 'lr=-1: must be a finite number at least 0'),
        ({'lr': math.inf}, 'lr=inf: must be a finite number'),
        ({'weight_decay': -0.1}, 'weight_decay=-0.1: must be a finite number'),
        (
            {'lr': 1, 'betas': (0.9, '0.99')},
            "betas[1]='0.99': must be a number; write 0.99 without quotes",
        ),
    ],
)
def test_optimizers(optimizer: dict, message: str):
    check(lr=0, weight_decay=0.0, betas=(0.9, 0.99), method='other')
    expected = f'optim_wrapper.optimizer.{message}'
    with pytest.raises(ConfigError, match=re.escape(expected)):
        check(**optimizer)


def test_of_several_optimizers():
    wrapper = {
        'constructor': 'Own',
        'a': {'optimizer': {'lr': 1}, 'clip_grad': {'max_norm': -1}},
        'b': {'optimizer': {'lr': -1}},
    }
    names = [key for key, _ in wrappers_of(wrapper)]
    assert names == ['optim_wrapper', 'optim_wrapper.a', 'optim_wrapper.b']
    with pytest.raises(ConfigError, match=r'optim_wrapper\.a\.clip_grad\.max'):
        check_optimizers(Config({'optim_wrapper': wrapper}))
    del wrapper['a']
    with pytest.raises(ConfigError, match=r'optim_wrapper\.b\.optimizer\.lr'):
        check_optimizers(Config({'optim_wrapper': wrapper}))


def test_through_the_tool(tmp_path: Path, monkeypatch):
    config = write_config(tmp_path)
    for option, message in {
        f'{CLIP}.max_norm=-5': f'{CLIP}.max_norm=-5: must be a number above 0',
        'optim_wrapper.optimizer.lr=nan': 'lr=nan: must be a finite number',
    }.items():
        work_dir = ('--work-dir', tmp_path / 'work')
        options = (*work_dir, '--cfg-options', option)
        assert message in failure_of(monkeypatch, 'train', config, *options)
    assert not list(tmp_path.rglob('*.pth'))
