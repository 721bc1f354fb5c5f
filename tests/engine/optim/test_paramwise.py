"""What paramwise_cfg may say; mmengine takes a part of each in silence."""

import re
from typing import Any

import pytest
from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from trimodal.engine.optim.paramwise import (
    COMMON_KEYS,
    LAYER_KEYS,
    check_custom_names,
    check_custom_options,
    check_paramwise,
)
from trimodal.utils.config import ConfigError

KEY = 'optim_wrapper.paramwise_cfg'
BOTH = {'lr': 0.1, 'weight_decay': 0.1}


def test_the_common_keys_are_those_that_mmengine_reads():
    class Reads(dict):
        asked: set = set()

        def get(self, key: str, default: Any = None) -> Any:
            self.asked.add(key)
            return super().get(key, default)

    paramwise = Reads(bias_lr_mult=1.0)
    cfg = {'optimizer': {'type': 'SGD', **BOTH}}
    DefaultOptimWrapperConstructor(cfg, paramwise)(nn.Linear(1, 1))
    assert paramwise.asked == COMMON_KEYS


@pytest.mark.parametrize(
    'paramwise',
    [
        {},
        {'norm_decay_mult': 0, 'bias_lr_mult': 2.0, 'bypass_duplicate': True},
        {'norm_decay_mult': None, 'custom_keys': None},
        {'custom_keys': {'a': {}, 'b': {'lr_mult': 0, 'anything': 'x'}}},
    ],
)
def test_right_ones(paramwise: dict):
    check_paramwise(paramwise, COMMON_KEYS, BOTH)


@pytest.mark.parametrize(
    ('paramwise', 'message'),
    [
        (3, '=3: must be a dict'),
        (
            {'norm_decay_mul': 0.0},
            " has an unknown 'norm_decay_mul'; did you mean norm_decay_mult? "
            'Known are bias_decay_mult, bias_lr_mult, ',
        ),
        ({'xyz': 0.0}, " has an unknown 'xyz'. Known are bias_decay_mult"),
        (
            {'layer_decay_rate': 0.5},
            '.layer_decay_rate needs optim_wrapper.constructor='
            "'LearningRateDecayOptimWrapperConstructor'",
        ),
        (
            {'bias_lr_mult': '2'},
            ".bias_lr_mult='2': must be a finite number at least 0; write 2 "
            'without quotes',
        ),
        ({'flat_decay_mult': -1}, '.flat_decay_mult=-1: must be a finite'),
        ({'bypass_duplicate': 'no'}, ".bypass_duplicate='no': must be True"),
        ({'custom_keys': ['a']}, ".custom_keys=['a']: must be a dict"),
        (
            {'custom_keys': {'a': 0.1}},
            ".custom_keys['a']=0.1: must be a dict such as dict(lr_mult=",
        ),
        (
            {'custom_keys': {'a': {'lr_mult': -0.1}}},
            ".custom_keys['a'].lr_mult=-0.1: must be a finite number",
        ),
    ],
)
def test_wrong_ones(paramwise: Any, message: str):
    with pytest.raises(ConfigError, match=re.escape(f'{KEY}{message}')):
        check_paramwise(paramwise, COMMON_KEYS, BOTH)


def test_factors_need_something_to_multiply():
    """flat_decay_mult and bare_decay_mult were passed over in silence."""
    known = COMMON_KEYS | LAYER_KEYS
    rest = {'dcn_offset_lr_mult', 'bias_lr_mult', 'layer_decay_rate'}
    for key in known - {'bypass_duplicate', 'custom_keys'}:
        base = 'lr' if key in rest else 'weight_decay'
        optimizer = {k: v for k, v in BOTH.items() if k != base}
        message = f'{key} is a factor on optim_wrapper.optimizer.{base}, which'
        with pytest.raises(ConfigError, match=message):
            check_paramwise({key: 0.5}, known, optimizer)
        check_paramwise({key: 0.5}, known, BOTH)
    custom = {'custom_keys': {'a': {'decay_mult': 0.0}}}
    with pytest.raises(ConfigError, match=r'decay_mult is .*\.weight_decay'):
        check_paramwise(custom, known, {'lr': 0.1})
    custom = {'custom_keys': {'a': {'betas': (0.5, 0.9)}}}
    with pytest.raises(ConfigError, match=r'a factor on .*\.lr, which'):
        check_paramwise(custom, known, {'weight_decay': 0.1})


class Model(nn.Module):
    """With parameters of its own and of a part that it has twice."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(nn.Linear(1, 1).weight.detach())
        self.first = self.second = nn.Sequential(nn.Linear(1, 1))


@pytest.mark.parametrize(
    ('key', 'hint'),
    [
        ('scale', None),
        ('.scale', None),
        ('second.0', None),
        ('t.0.w', None),
        ('', None),
        ('first.1', '; did you mean first.0?'),
        ('frist', '; did you mean first?'),
        ('0.weigth', '; did you mean 0.weight?'),
        ('model.first', '.'),
    ],
)
def test_names_of_parameters(key: str, hint: str | None):
    paramwise = {'custom_keys': {key: {'lr_mult': 0.1}}}
    if hint is None:
        check_custom_names(paramwise, Model())
        return
    expected = (
        f'{KEY}.custom_keys: no parameter has {key!r} in its name{hint} Names '
        'are scale, first.0.weight, second.0.weight, ...; what a base config '
        'says goes with custom_keys=dict(_delete_=True, ...)'
    )
    with pytest.raises(ConfigError) as error:
        check_custom_names(paramwise, Model())
    assert str(error.value) == expected


def test_options_of_entries():
    def check(**entry: Any) -> list[str]:
        paramwise = {'custom_keys': {'a': entry}}
        return check_custom_options(paramwise, ['lr', 'betas'])

    assert check(lr_mult=1, decay_mult=1, lr=1, betas=1, name='a') == []
    with pytest.raises(ConfigError, match='did you mean decay_mult'):
        check(decay_mul=1)
    (warning,) = check(lars_exclude=True)
    assert "custom_keys['a'] has an unknown 'lars_exclude'. Kn" in warning
