import subprocess
import sys
from importlib import metadata

import pytest
import torch

from trimodal.utils import collect_env as env


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('TRIMODAL_CACHE', str(tmp_path))
    return tmp_path


@pytest.fixture
def packages(monkeypatch):
    """A list of two in place of all, for speed."""
    monkeypatch.setattr(
        env,
        'PACKAGES',
        (
            env.Package('nowhere', ('nowhere-lib',), 'an extra', False),
            env.Package('nothing', ('nothing-lib',), 'the core'),
            env.Package('torch', ('torch',), 'tensors'),
        ),
    )


def test_versions_and_devices(packages, cache):
    found = env.collect_env()
    assert found['torch'] == metadata.version('torch')
    assert found['nowhere-lib'] == 'missing'
    assert found['python'].startswith(f'{sys.version_info.major}.')
    assert f'{torch.get_num_threads()} threads' in found['cpu']
    assert 'gloo' in found['distributed']


def test_missing_says_how_to_get_it(packages, cache):
    assert env.find_missing() == [
        'nothing-lib (the core): pip install nothing-lib',
        'nowhere-lib (an extra, optional): pip install nowhere-lib',
        'hand_landmarker.task (landmarks from videos): '
        'python tools/fetch_hand_landmarker.py',
    ]
    path = cache / 'hand_landmarker.task'
    assert env.collect_env()['hand landmarker'] == f'missing ({path})'


def test_landmarker_that_is_there(packages, cache):
    (cache / 'hand_landmarker.task').write_bytes(b'not a model')
    found = env.collect_env()['hand landmarker']
    assert found.endswith('hand_landmarker.task (of unknown origin)')
    assert not any('hand' in line for line in env.find_missing())


def test_alternatives_are_named(monkeypatch, cache):
    package = env.Package('torch', ('nowhere-lib', 'torch'), 'tensors')
    monkeypatch.setattr(env, 'PACKAGES', (package,))
    version = metadata.version('torch')
    assert env.collect_env()['nowhere-lib'] == f'{version} (torch)'


def test_package_that_does_not_import(monkeypatch, cache, tmp_path):
    (tmp_path / 'broken_mod.py').write_text('raise OSError("no libGL")')
    monkeypatch.syspath_prepend(str(tmp_path))
    package = env.Package('broken_mod', ('torch',), 'pictures')
    monkeypatch.setattr(env, 'PACKAGES', (package,))
    assert env.collect_env()['torch'].endswith('does not import: no libGL')
    assert env.find_missing()[0] == (
        'torch (pictures): does not import: no libGL'
    )


def test_runtime_requirements_are_listed(repo_root):
    text = (repo_root / 'requirements' / 'runtime.txt').read_text()
    wanted = {line.split('>')[0] for line in text.splitlines() if line}
    required = {p.names[0] for p in env.PACKAGES if p.required}
    # tensorboard is installed by default, but a run can do without.
    assert wanted - {'tensorboard'} == required


def test_what_changes_results_is_listed(repo_root):
    text = (repo_root / 'requirements' / 'optional.txt').read_text()
    wanted = {line.split('>')[0] for line in text.splitlines() if line}
    known = {name for package in env.PACKAGES for name in package.names}
    # What only a part of mmengine's or of MLflow's needs.
    assert wanted - known <= {'memory-profiler', 'alembic'}


def test_command(repo_root, cache):
    done = subprocess.run(
        [sys.executable, '-m', 'trimodal.utils.collect_env'],
        cwd=repo_root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert 'mmengine' in done.stdout
    assert 'python tools/fetch_hand_landmarker.py' in done.stdout
