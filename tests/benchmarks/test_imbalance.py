"""benchmarks/imbalance.py: each variant is a config that builds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from mmengine.config import Config

from benchmarks import imbalance
from tests.test_repo.sources import ROOT
from trimodal.registry import HOOKS, MODELS


@pytest.mark.parametrize('variant', imbalance.VARIANTS)
def test_variant_builds(tmp_path: Path, variant: str):
    config = Config.fromfile(imbalance.write_config(tmp_path, variant))
    MODELS.build(config.model)
    hooks = [HOOKS.build(hook) for hook in config.custom_hooks]
    changed = hooks or config.model.get('objectives') or 'sgd' in variant
    assert bool(changed) is (variant != 'baseline')
    kind = 'SGD' if 'sgd' in variant else 'AdamW'
    assert config.optim_wrapper.optimizer.type == kind


def test_table_of_finished_runs(tmp_path: Path):
    for seed, accuracy in ((0, 0.5), (1, 0.7)):
        folder = tmp_path / 'baseline' / f'seed{seed}'
        folder.mkdir(parents=True)
        metrics = {'image/accuracy/top1': accuracy}
        text = json.dumps({'metrics': metrics})
        (folder / 'subsets.json').write_text(text)
    done = subprocess.run(
        [
            *(sys.executable, ROOT / 'benchmarks' / 'imbalance.py'),
            *('--variants', 'baseline', '--seeds', '0', '1'),
            *('--work-dir', tmp_path),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert '| variant | image |' in done.stdout
    assert '| baseline | 60.0 ± 10.0 |' in done.stdout
    result = json.loads(done.stdout.splitlines()[-1])
    assert result['benchmark'] == 'imbalance'
