"""What the key ``compile`` becomes."""

from typing import Any

import pytest
from mmengine.config import Config

from trimodal.engine.runner.compiling import use_compile
from trimodal.utils.config import ConfigError


def used(value: Any) -> Config:
    other = {'type': 'EMAHook'}
    config = Config({'compile': value, 'custom_hooks': [other]})
    use_compile(config)
    assert config.custom_hooks[0] == other
    return config


@pytest.mark.parametrize(
    ('value', 'options'),
    [(True, {}), ({'backend': 'eager'}, {'backend': 'eager'})],
)
def test_becomes_a_hook(value: Any, options: dict):
    config = used(value)
    hook = {'type': 'CompileHook', **options}
    assert config.custom_hooks[1:] == [hook]
    assert config.compile is False


@pytest.mark.parametrize('value', [None, False])
def test_nothing_without(value: Any):
    assert len(used(value).custom_hooks) == 1


def test_wrong_values():
    with pytest.raises(ConfigError, match=r'on the command line compile=Tr'):
        used('yes')
    with pytest.raises(ConfigError, match=r'did you mean backend.*Known'):
        used({'bakend': 'eager'})
    with pytest.raises(ConfigError) as error:
        used({'backend': 'egaer'})
    assert str(error.value).startswith('compile: backend must be one of [')
    assert 'TESTING' not in str(error.value)
