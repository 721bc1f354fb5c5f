"""benchmarks/tridigits_multitask.py: the table of finished runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from mmengine.config import Config

from benchmarks import tridigits_multitask
from tests.test_repo.sources import ROOT

CONFIGS = sorted(tridigits_multitask.FOLDER.glob('*.py'))
NAMES = {path.stem.split('_')[0] for path in CONFIGS}


def test_one_model_of_four_tasks_and_four_of_one():
    alone = {name for name in NAMES if name.endswith('-only')}
    assert len(alone) == 4
    assert NAMES - alone == {
        'fixed-weights',
        'uncertainty-weights',
        'grad-norm',
        'pc-grad',
    }
    for path in CONFIGS:
        model = Config.fromfile(path).model
        assert len(model.heads) == (1 if '-only' in path.stem else 4)
        assert bool(model.get('objectives')) is ('-only' not in path.stem)


def write_run(folder: Path, stem: str, seed: int, **metrics: float) -> None:
    path = folder / stem / f'seed{seed}' / 'subsets.json'
    path.parent.mkdir(parents=True)
    named = {
        f'{subset}/{name.replace("_", "/")}': value - less
        for subset, less in (
            ('speech+gesture+image', 0),
            ('speech+image', 0.1),
        )
        for name, value in metrics.items()
    }
    content = {'metrics': named, 'processor_seconds': 90.0}
    path.write_text(json.dumps(content))


def test_table_of_finished_runs(tmp_path: Path):
    for path in CONFIGS:
        for seed, score in ((0, 0.5), (1, 0.7)):
            found = {'accuracy_top1': score}
            if 'class' not in path.stem:
                found |= {'regression_mae': 2.0, 'coco_AP50': score}
            write_run(tmp_path, path.stem, seed, **found)
    done = subprocess.run(
        [
            *(sys.executable, ROOT / 'benchmarks' / 'tridigits_multitask.py'),
            *('--configs', 'pc-grad', 'class-only', '--seeds', '0', '1'),
            *('--work-dir', tmp_path),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    expected = '| pc-grad | 60.00 ± 10.00 | 2.00 ± 0.00 | – | 60.00 ± 10.00 |'
    assert expected in done.stdout
    assert '| class-only | 60.00 ± 10.00 | – | – | – | – |' in done.stdout
    # The same without gestures.
    assert '| class-only | 50.00 ± 10.00 | – | – | – | – |' in done.stdout
    result = json.loads(done.stdout.splitlines()[-1])
    assert result['benchmark'] == 'tridigits_multitask'
    stem = next(p.stem for p in CONFIGS if p.stem.startswith('pc-grad'))
    minutes = result['figures']['speech+image'][stem]['minutes']
    assert minutes == {'mean': pytest.approx(1.5), 'std': 0}


def test_no_such_config(monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['any', '--configs', 'nothing'])
    with pytest.raises(SystemExit, match='no config begins with'):
        tridigits_multitask.main()
