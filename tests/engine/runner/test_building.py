"""Which runner a config gives, and what does not fit together."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config
from mmengine.runner import FlexibleRunner, Runner
from torch import nn

from tests.engine.tiny_fusion import write_fusion
from trimodal.engine.runner import TrainOptions, build_runner, train
from trimodal.utils.config import ConfigError

FLEXIBLE: dict[str, Any] = {'runner_type': 'FlexibleRunner'}


def config_with(folder: Path, **keys: Any) -> Config:
    config = Config.fromfile(write_fusion(folder, 'config'))
    config.work_dir = str(folder / 'work')
    for key, value in keys.items():
        config[key] = value
    return config


def test_without_a_type_it_is_runner(tmp_path: Path):
    assert type(build_runner(config_with(tmp_path))) is Runner


def test_a_flexible_runner_has_its_model_and_compile(tmp_path: Path):
    """And hooks that are switched off do not stop it."""
    config = config_with(tmp_path, **FLEXIBLE, compile={'backend': 'eager'})
    config.default_hooks.progress = None
    config.default_hooks.checkpoint = None
    runner = build_runner(config)
    assert isinstance(runner, FlexibleRunner)
    assert isinstance(runner.model, nn.Module)
    assert runner._compile == {'backend': 'eager'}
    kinds = {type(hook).__name__ for hook in runner.hooks}
    assert not kinds & {'RichProgressHook', 'CheckpointHook'}


def several(**strategy: Any) -> dict[str, Any]:
    return {**FLEXIBLE, 'launcher': 'pytorch', 'strategy': strategy}


@pytest.mark.parametrize('wrong', ["type='Adamw'", "type='SGD', ler=1"])
def test_a_wrong_optimizer_is_one_line(tmp_path: Path, wrong: str):
    extra = f'optim_wrapper = dict(optimizer=dict({wrong}))\n'
    extra += "runner_type = 'FlexibleRunner'\n"
    config = write_fusion(tmp_path, 'wrong', extra)
    options = TrainOptions(work_dir=str(tmp_path / 'work'))
    with pytest.raises(ConfigError, match=r'Adamw|ler'):
        train(config, options)


def test_one_batch_of_everything(tmp_path: Path):
    extra = "runner_type = 'FlexibleRunner'\n"
    config = write_fusion(tmp_path, 'fast', extra)
    work_dir = str(tmp_path / 'work')
    metrics = train(config, TrainOptions(work_dir, fast_dev_run=True))
    assert 'accuracy/top1' in metrics


EMA = [{'type': 'EMAHook'}]
STATIC = {'static_graph': True}
SGD = {'type': 'SGD', 'lr': 0.1}


@pytest.mark.parametrize(
    ('keys', 'message'),
    [
        ({'strategy': {'type': 'DDPStrategy'}}, "runner_type='FlexibleRun"),
        ({**FLEXIBLE, 'sync_bn': 'torch'}, r'set strategy\.sync_bn'),
        ({**FLEXIBLE, 'find_unused_parameters': True}, r'model_wrapper\.find'),
        ({**FLEXIBLE, 'strategy': {'type': 'FSDPStrategy'}}, 'dist_train'),
        (
            {**several(type='FSDPStrategy'), 'custom_hooks': EMA},
            'EMAHook averages whole weights',
        ),
        (several(type='FSDPStrategy', sync_bn='torch'), 'use DDPStrategy'),
        (
            several(type='FSDPStrategy', state_dict_cfg='local'),
            r"state_dict_cfg='local'.*use 'full'",
        ),
        (
            {
                'model_wrapper_cfg': STATIC,
                'optim_wrapper': {
                    'optimizer': SGD,
                    'accumulative_counts': 2,
                },
            },
            'accumulative_counts=2 and static_graph',
        ),
    ],
)
def test_what_does_not_fit_is_said(tmp_path: Path, keys, message: str):
    with pytest.raises(ConfigError, match=message):
        build_runner(config_with(tmp_path, **keys))


def test_deepspeed_is_named_where_it_is_missing(tmp_path: Path, monkeypatch):
    found: list[Any] = [None, object(), object()]
    monkeypatch.setattr(importlib.util, 'find_spec', lambda _: found.pop(0))
    config = config_with(tmp_path, **several(type='DeepSpeedStrategy'))
    with pytest.raises(ConfigError, match='pip install deepspeed'):
        build_runner(config)
    with pytest.raises(ConfigError, match="'DeepSpeedOptimWrapper'"):
        build_runner(config)
    config.optim_wrapper = {
        'type': 'DeepSpeedOptimWrapper',
        'clip_grad': {'max_norm': 1},
    }
    with pytest.raises(ConfigError, match=r'strategy\.gradient_clipping'):
        build_runner(config)
