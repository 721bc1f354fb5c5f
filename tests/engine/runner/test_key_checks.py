"""Keys that nothing reads are errors, or told of where they may be meant."""

import re
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config
from mmengine.hooks import Hook

from tests.engine.toy import write_config
from tests.test_repo.sources import experiments
from tests.tools.launching import failure_of, run_tool
from trimodal.engine.runner.key_checks import (
    check_keys,
    check_stages,
    doubts_about,
)
from trimodal.registry import HOOKS
from trimodal.utils.config import ConfigError

LOGGER = {'type': 'LoggerHook', 'interval': 10}
RIGHT = {
    'env_cfg': {
        'cudnn_benchmark': False,
        'mp_cfg': {},
        'dist_cfg': {'backend': 'nccl', 'timeout': 1800, 'port': 29500},
        'resource_limit': 4096,
    },
    'auto_scale_lr': {'enable': False, 'base_batch_size': 16},
    'default_hooks': {
        'logger': LOGGER,
        'checkpoint': None,
        'resume_log': None,  # of a base config
        'resume_validation': {'type': 'ResumeValidationHook'},
        'nonfinite': {'type': 'NonFiniteHook', 'skip': True},
    },
    'custom_hooks': [{'type': 'EMAHook', 'update_buffers': 'x'}],
}


def checked(**changes: Any) -> None:
    """With changes of single keys, dots as ``__``."""
    config = Config(RIGHT)
    options = {k.replace('__', '.'): v for k, v in changes.items()}
    config.merge_from_dict(options)
    check_keys(config)


def test_right_ones():
    checked()
    checked(env_cfg=None, auto_scale_lr=None, default_hooks=None)
    checked(default_hooks__nonfinite__skip=1)
    checked(custom_hooks=[{'type': 'NoSuchHook'}])  # said when it is built


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        (
            'env_cfg__cudnn_benchmrk',
            True,
            "env_cfg has an unknown 'cudnn_benchmrk'; did you mean "
            'cudnn_benchmark? Known are cudnn_benchmark, dist_cfg, mp_cfg, '
            'resource_limit',
        ),
        (
            'env_cfg__dist_cfg__backed',
            'gloo',
            "env_cfg.dist_cfg has an unknown 'backed'; did you mean backend?",
        ),
        (
            'auto_scale_lr__enabled',
            True,
            "auto_scale_lr has an unknown 'enabled'; did you mean enable?",
        ),
        ('env_cfg__xyz', 1, "env_cfg has an unknown 'xyz'. Known are"),
        (
            'default_hooks__loger',
            {'interval': 2},
            'default_hooks.loger has no type; did you mean logger?',
        ),
        ('default_hooks__xyz', {}, 'default_hooks.xyz has no type'),
        ('custom_hooks', [{}], 'custom_hooks[0] has no type'),
        (
            'default_hooks__nonfinit',
            None,
            'default_hooks.nonfinit=None leaves no hook out; did you mean '
            'nonfinite?',
        ),
        (
            'default_hooks__nonfinite__skip',
            'yes',
            "default_hooks.nonfinite.skip='yes': must be True or False",
        ),
        (
            'custom_hooks',
            [{'type': 'CheckpointHook', 'by_epoch': 'no'}],
            "custom_hooks[0].by_epoch='no': must be True or False",
        ),
    ],
)
def test_wrong_ones(key: str, value: Any, message: str):
    with pytest.raises(ConfigError, match=re.escape(message)):
        checked(**{key: value})


def test_switches_of_hooks_elsewhere():
    """Of a class instead of a name, and annotated as a text."""

    class Switched(Hook):
        def __init__(self, on: 'bool' = True, often: bool | None = None):
            pass

    checked(custom_hooks=[{'type': Switched, 'often': 'x'}])
    with pytest.raises(ConfigError, match=r"\.on='off': must be True or"):
        checked(custom_hooks=[{'type': Switched, 'on': 'off'}])


def test_halves_of_a_stage():
    whole: dict = {'val_dataloader': {}, 'val_cfg': {}, 'val_evaluator': []}
    check_stages(Config(whole))
    check_stages(Config(dict.fromkeys(whole)))
    for key in whole:
        others = [name for name in whole if name != key]
        expected = (
            f'{others[0]} and {others[1]} without {key}: set all three, or, '
            'for no validation, all three to None'
        )
        for half in ({**whole, key: None}, {k: whole[k] for k in others}):
            with pytest.raises(ConfigError) as error:
                check_stages(Config(half))
            assert str(error.value) == expected
    with pytest.raises(ConfigError, match='test_cfg without test_dataloader'):
        checked(test_cfg={})


def test_doubts():
    (doubt,) = doubts_about(Config({'optim_wraper': {}, 'model': {}}))
    assert "config's 'optim_wraper'; did you mean optim_wrapper?" in doubt
    twice = {'logger': LOGGER, 'loger': LOGGER, 'other': LOGGER, 'loggers': 0}
    (doubt,) = doubts_about(Config({'default_hooks': twice}))
    assert doubt == (
        'default_hooks.logger and default_hooks.loger are both a LoggerHook: '
        'each does its work; did you mean one of them?'
    )


def test_configs_of_the_repository_raise_no_doubts():
    for path in list(experiments())[::20]:
        config = Config.fromfile(path, import_custom_modules=False)
        assert doubts_about(config) == []


def test_through_the_tool(tmp_path: Path, monkeypatch):
    """Own variables pass; the log tells of what looks like a key."""
    extra = 'optim_wraper = dict()\nnum_classes = 3\n'
    config = write_config(tmp_path, 'typo', extra)
    arguments = (config, '--work-dir', tmp_path / 'work')
    options = ('--cfg-options', 'default_hooks.report=None')
    fast = ('--fast-dev-run', '--no-test')
    run_tool(monkeypatch, 'train', *arguments, *fast, *options)
    (log,) = tmp_path.rglob('*.log')
    lines = [li for li in log.read_text().splitlines() if 'WARNING' in li]
    assert [li for li in lines if "'optim_wraper'; did you mean" in li]
    assert not [li for li in lines if 'num_classes' in li]
    assert not list(tmp_path.rglob('report.md'))
    options = ('--cfg-options', 'val_cfg=None')
    line = failure_of(monkeypatch, 'train', *arguments, *options)
    assert 'val_dataloader and val_evaluator without val_cfg' in line
    assert HOOKS.get('ReportHook')  # the report was there to be left out
