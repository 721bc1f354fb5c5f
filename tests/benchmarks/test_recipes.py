"""benchmarks/recipes.py on a toy, and against its page."""

from pathlib import Path

import pytest

from benchmarks import recipes
from tests.engine.tiny_fusion import write_fusion
from tests.test_repo.sources import ROOT


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(write_fusion(tmp_path, 'recipes'))
    monkeypatch.setattr(recipes, 'CONFIG', path)
    monkeypatch.setattr(recipes, 'ALONE', 'a')


def test_what_is_advised_is_on_the_page():
    text = (ROOT / 'docs' / 'recipes.md').read_text('utf-8')
    tables = (recipes.MEMORY, recipes.STABILITY)
    keys = {
        k for table in tables for options in table.values() for k in options
    }
    assert len(keys) > 5
    missing = [key for key in keys if key.split('.')[-1] not in text]
    assert not missing


@pytest.mark.usefixtures('toy')
def test_stability():
    name = f'lr {recipes.RIGHT}'
    found = recipes.try_stability(name)
    assert found['outcome'] == 'trained'
    assert found['steps'] == 36  # six epochs of 24 samples, four a step
    assert 0 <= found['top1'] <= 1
    assert found['last_loss'] < found['highest_loss']
    skipped = recipes.try_stability(f'lr {recipes.FAR}, steps left out')
    assert skipped['left_out'] == 0  # nothing explodes here


@pytest.mark.usefixtures('toy')
def test_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recipes, 'BATCH', {'train_cfg.max_epochs': 1})
    found = recipes.try_memory('batch of 64', limit=4096.0)
    assert found['peak_mib'] > 0
    assert found['limit_mib'] == 4096
    assert found['outcome'] == 'fits'
