"""docs/plugins.md: a user's parts and a fourth modality, from outside."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.media import write_npz, write_split
from tests.test_repo.sources import ROOT, python_files
from tests.test_repo.test_layers import strings_of

EXAMPLES = ROOT / 'docs' / 'examples'
PROJECT = EXAMPLES / 'my_project'
PAGE = (ROOT / 'docs' / 'plugins.md').read_text('utf-8')
BLOCKS = re.findall(r'^```python\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL)
FILES = sorted(PROJECT.rglob('*.py'))
CONTRACTS = [block for block in BLOCKS if 'trimodal.testing' in block]
SMALL = [
    'train_cfg.max_epochs=1',
    'optim_wrapper.optimizer.lr=0.01',
    *(
        f'{split}_dataloader.{key}'
        for split in ('train', 'val', 'test')
        for key in ('num_workers=0', 'persistent_workers=False')
    ),
]


def name_of(path: Path) -> str:
    return path.relative_to(EXAMPLES).as_posix()


def run(folder: Path, *command: str | Path) -> str:
    """Run Python as a user in the folder of the project; give its output."""
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=folder,
        env={**os.environ, 'PYTHONPATH': '.', 'OMP_NUM_THREADS': '1'},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope='module')
def trained(tmp_path_factory) -> Path:
    """A folder elsewhere: media prepared, a model trained for an epoch."""
    folder = tmp_path_factory.mktemp('user')
    shutil.copytree(PROJECT, folder / 'my_project')
    for split, size in (('train', 12), ('val', 6), ('test', 6)):
        write_split(folder / 'data' / 'moves' / split, size)
    write_npz(folder / 'data' / 'moves_npz', 5)
    configs = Path('my_project') / 'configs'
    run(
        folder,
        ROOT / 'tools' / 'prepare_data.py',
        *('data/moves', 'data/moves_packed', '--workers', '1'),
        *('--config', configs / 'preparation.py'),
    )
    log = run(
        folder,
        ROOT / 'tools' / 'train.py',
        *(configs / 'moves.py', '--work-dir', 'work', '--no-test'),
        *('--cfg-options', *SMALL),
    )
    (folder / 'log.txt').write_text(log)
    return folder


def test_training_uses_every_part(trained: Path):
    log = (trained / 'log.txt').read_text()
    assert 'cls.loss_cosine' in log
    weights = re.search(r'Modality weights: (.*)', log)
    assert weights
    names = re.findall(r'(\w+) 0\.\d\d', weights.group(1))
    assert names == ['speech', 'gesture', 'image', 'imu']
    assert 'confidence/mean' in log


def scores(folder: Path, config: str, *options: str) -> dict[str, float]:
    out = folder / f'{config}.json'
    run(
        folder,
        ROOT / 'tools' / 'test.py',
        *(f'my_project/configs/{config}.py', 'work/epoch_1.pth'),
        *('--work-dir', 'work/test', '--out', out, *options),
        *('--cfg-options', *SMALL[2:]),
    )
    return json.loads(out.read_text())['metrics']


def test_every_subset_of_four(trained: Path):
    metrics = scores(trained, 'moves', '--subsets')
    found = [key for key in metrics if key.endswith('/accuracy/top1')]
    assert len(found) == 15
    assert 'speech+imu/accuracy/top1' in metrics


def test_own_data_set(trained: Path):
    metrics = scores(trained, 'moves_npz')
    assert 0 <= metrics['accuracy/top1'] <= 1
    assert 1 / 3 <= metrics['confidence/mean'] <= 1


def test_inferencer_takes_the_fourth_modality(trained: Path):
    code = """
import numpy as np
from trimodal.apis import TriModalInferencer
inferencer = TriModalInferencer(weights='work/epoch_1.pth')
media = 'data/moves/test/0'
readings = np.loadtxt(media + '.csv', delimiter=',')
result = inferencer([{'imu': media + '.csv'},
                     {'imu': media + '.csv', 'image': media + '.png'},
                     {'imu': readings}, {'imu': (readings, 50)}])
for answer in result['predictions']:
    print('ANSWER', answer['pred_class'], answer['pred_scores'],
          answer['modality_weights'])
"""
    lines = run(trained, '-c', code).splitlines()
    answers = [line for line in lines if line.startswith('ANSWER')]
    assert len(answers) == 4
    assert "'imu': 1.0" in answers[0]
    assert "'imu': 0.5" in answers[1]
    # An array says the same as the file it came from.
    assert answers[2] == answers[3] == answers[0]


def test_own_parts_hold_to_the_contract(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    assert len(CONTRACTS) == 2
    for block in CONTRACTS:
        exec(block, {})


@pytest.mark.parametrize('path', FILES, ids=name_of)
def test_page_shows_the_file(path: Path):
    # Configs and all: what the reader copies is what runs here.
    block = f'`{name_of(path)}`\n\n```python\n{path.read_text("utf-8")}```\n'
    assert block in PAGE


def test_page_shows_nothing_else():
    assert len(BLOCKS) == len(FILES) + len(CONTRACTS)


def test_nothing_of_ours_knows_of_it():
    knowing = [
        path
        for path in python_files('trimodal', 'tools', 'configs')
        if any('imu' in re.split(r'\W+|_', s) for s in strings_of(path))
    ]
    assert not knowing
