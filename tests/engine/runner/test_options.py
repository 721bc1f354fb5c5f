"""What options of a run do, seen from within it."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook

from tests.engine.faulty import write_faulty
from tests.engine.toy import write_config
from trimodal.engine.runner import TrainOptions, train
from trimodal.registry import HOOKS
from trimodal.utils.config import ConfigError


@HOOKS.register_module()
class SeenHook(Hook):
    """Notes how torch is set while training."""

    seen: dict[str, Any] = {}

    def after_train_iter(self, runner: Any, **_: Any) -> None:
        self.seen.update(
            anomaly=torch.is_anomaly_enabled(),
            benchmark=torch.backends.cudnn.benchmark,
            deterministic=torch.are_deterministic_algorithms_enabled(),
            cublas=os.environ.get('CUBLAS_WORKSPACE_CONFIG'),
            workers=runner.train_dataloader.num_workers,
            level=runner.logger.handlers[0].level,
        )


EXTRA = """
custom_imports['imports'] += ['tests.engine.runner.test_options']
custom_hooks = [dict(type='SeenHook')]
train_cfg['max_epochs'] = 1
"""


@pytest.fixture(autouse=True)
def _settings_of_torch(monkeypatch):
    monkeypatch.delenv('CUBLAS_WORKSPACE_CONFIG', raising=False)
    benchmark = torch.backends.cudnn.benchmark
    yield
    torch.backends.cudnn.benchmark = benchmark
    torch.use_deterministic_algorithms(False)
    os.environ.pop('CUBLAS_WORKSPACE_CONFIG', None)


def seen(folder: Path, extra: str = '', **options: Any) -> dict[str, Any]:
    config = write_config(folder, 'seen', EXTRA + extra)
    train(config, TrainOptions(work_dir=str(folder), test=False, **options))
    return dict(SeenHook.seen)


def test_defaults(tmp_path: Path):
    found = seen(tmp_path)
    assert not found['anomaly']
    assert not found['benchmark']
    assert not found['deterministic']
    assert found['cublas'] is None


def test_benchmark(tmp_path: Path):
    assert seen(tmp_path, benchmark=True)['benchmark']
    key = 'env_cfg = dict(cudnn_benchmark=True)\n'
    assert seen(tmp_path, key)['benchmark']
    with pytest.raises(ConfigError, match=r'--benchmark .* --deterministic'):
        seen(tmp_path, benchmark=True, deterministic=True)


@pytest.mark.parametrize('by_key', [False, True])
def test_deterministic(tmp_path: Path, by_key: bool):
    key = 'randomness = dict(seed=0, deterministic=True)\n'
    found = seen(tmp_path, key * by_key, deterministic=not by_key)
    assert found['deterministic']
    assert found['cublas'] == ':4096:8'


@pytest.mark.parametrize('by_key', [False, True])
def test_detect_anomaly_names_the_operation(tmp_path: Path, by_key: bool):
    extra = (
        "model['fault'] = 'gradient'\n"
        "train_dataloader['dataset']['bad'] = (5,)\n"
    )
    key = 'detect_anomaly = True\n' * by_key
    config = write_faulty(tmp_path, 'faulty', extra + key)
    options = TrainOptions(
        work_dir=str(tmp_path), detect_anomaly=not by_key, test=False
    )
    with pytest.raises(RuntimeError, match=r'MulBackward0.* returned nan'):
        train(config, options)
    assert not torch.is_anomaly_enabled()


def test_debug(tmp_path: Path):
    extra = 'train_dataloader.update(num_workers=1, persistent_workers=True)\n'
    found = seen(tmp_path, extra, debug=True)
    assert found['anomaly']
    assert found['workers'] == 0
    assert found['level'] == 10
    assert seen(tmp_path, 'detect_anomaly = True\n')['anomaly']


def test_profiler(tmp_path: Path):
    seen(tmp_path, profiler='simple')
    assert [*tmp_path.glob('*/simple_profile.txt')]
    seen(tmp_path, profiler='pytorch')
    assert [*tmp_path.glob('*/profile/*.pt.trace.json.gz')]
    with pytest.raises(ConfigError, match='--profiler must be one of'):
        seen(tmp_path, profiler='other')
