"""Every config parses, and what it describes builds."""

from pathlib import Path

import pytest
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.fileio import load

from tests.test_repo.sources import (
    ROOT,
    experiments,
    python_files,
    relative,
)
from trimodal.registry import HOOKS, METRICS, MODELS, TRANSFORMS

EXPERIMENTS = experiments()
BASES = [p for p in python_files('configs') if p not in EXPERIMENTS]
LINES = 60


def pipelines(item: object) -> list[list[dict]]:
    """Every list under a key ``pipeline``, wherever it stands."""
    if isinstance(item, list | tuple):
        return [found for entry in item for found in pipelines(entry)]
    if not isinstance(item, dict):
        return []
    found = [item['pipeline']] if 'pipeline' in item else []
    for key, value in item.items():
        if key != 'pipeline':
            found += pipelines(value)
    return found


@pytest.mark.parametrize('path', BASES, ids=relative)
def test_base_parses(path: Path):
    assert len(Config.fromfile(path)) > 0


@pytest.mark.parametrize('path', EXPERIMENTS, ids=relative)
def test_experiment_builds(path: Path):
    config = Config.fromfile(path)
    assert config.default_scope == 'trimodal'
    model = MODELS.build(config.model)
    assert any(p.requires_grad for p in model.parameters())
    found = pipelines(config.to_dict())
    assert found
    for pipeline in found:
        Compose([TRANSFORMS.build(step) for step in pipeline])
    hooks = [*config.get('custom_hooks', [])]
    hooks += config.get('default_hooks', {}).values()
    for hook in hooks:
        HOOKS.build(hook)
    for key in ('val_evaluator', 'test_evaluator'):
        metrics = config.get(key) or []
        for metric in [metrics] if isinstance(metrics, dict) else metrics:
            METRICS.build(metric)


@pytest.mark.parametrize('path', EXPERIMENTS, ids=relative)
def test_experiment_is_a_table_of_contents(path: Path):
    lines = path.read_text('utf-8').splitlines()
    assert len(lines) <= LINES, 'move blocks to configs/_base_'


def test_there_are_experiments():
    assert EXPERIMENTS


def test_model_index_lists_every_metafile():
    index = load(ROOT / 'model-index.yml')
    metafiles = sorted((ROOT / 'configs').rglob('metafile.yml'))
    assert sorted(index['Import']) == [relative(path) for path in metafiles]


def test_metafiles_name_existing_configs():
    for metafile in (ROOT / 'configs').rglob('metafile.yml'):
        models = load(metafile)['Models']
        missing = [
            model['Config']
            for model in models
            if not (ROOT / model['Config']).exists()
        ]
        assert not missing
