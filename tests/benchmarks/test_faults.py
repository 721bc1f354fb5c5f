"""benchmarks/faults.py: its moments, its damage, and a short run of it."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks import faults
from tests.test_repo.sources import ROOT
from trimodal.utils.config import load_config
from trimodal.utils.saving import BrokenFileError, check_file, save_file


def test_the_plan():
    kills = faults.plan(random.Random(0), 20, 8, 3, 48)
    assert len(kills) == 20
    assert sum(kill.in_write for kill in kills) == 8
    assert sum(kill.damage for kill in kills) == 3
    steps = [kill.step for kill in kills]
    assert steps == sorted(steps)
    assert steps[0] >= 1
    assert steps[-1] <= 46
    assert kills == faults.plan(random.Random(0), 20, 8, 3, 48)


@pytest.mark.parametrize('by_epoch', [True, False])
def test_the_config(tmp_path: Path, by_epoch: bool):
    path = faults.write_config(tmp_path, 5, 0, by_epoch)
    config = load_config(str(path))
    key, value = ('max_epochs', 5) if by_epoch else ('max_iters', 20)
    assert config.train_cfg[key] == value
    assert (tmp_path / 'train.h5').is_file()


def test_damage_is_damage(tmp_path: Path):
    assert faults.damage(tmp_path, random.Random(0)) == ''
    kinds = set()
    for seed in range(8):
        for name in ('epoch_1.pth', 'epoch_2.pth'):
            save_file({'w': torch.ones(2000)}, tmp_path / name)
        last = tmp_path / 'epoch_2.pth'
        (tmp_path / 'last_checkpoint').write_text(str(last))
        kinds.add(faults.damage(tmp_path, random.Random(seed)).split()[1])
        with pytest.raises(BrokenFileError):
            check_file(last)
        check_file(tmp_path / 'epoch_1.pth')
    assert kinds == {'cut', 'altered'}


@pytest.mark.slow
@pytest.mark.parametrize('more', [[], ['--by-iterations', '--workers', '2']])
def test_a_killed_run_ends_as_one_that_never_was(tmp_path: Path, more: list):
    command = [sys.executable, str(ROOT / 'benchmarks' / 'faults.py')]
    command += ['--kills=3', '--writes=1', '--damaged=1', '--epochs=4']
    done = subprocess.run(
        [*command, *more, '--folder', str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
    )
    result = json.loads(done.stdout.splitlines()[-1])
    assert result['kills'] == 3
    assert result['differences'] == 0
    assert 'log' in result['compared']
    assert (tmp_path / 'killed' / 'last_checkpoint').is_file()
