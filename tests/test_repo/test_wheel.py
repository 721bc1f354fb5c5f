"""The wheel is whole: its modules import, its configs are found."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.test_repo.sources import ROOT, experiments, relative

PARTS = ('trimodal', 'configs', 'tools', 'requirements')
FILES = (
    *('setup.py', 'pyproject.toml', 'requirements.txt', 'MANIFEST.in'),
    *('LICENSE', 'README.md', 'model-index.yml'),
)
IMPORT_ALL = """
import importlib, json, pkgutil, sys
import trimodal
names = [m.name for m in pkgutil.walk_packages(trimodal.__path__, 'trimodal.')]
for name in names:
    importlib.import_module(name)
files = [sys.modules[name].__file__ for name in ['trimodal', *names]]
print(json.dumps(dict(files=files, version=trimodal.__version__)))
"""
BUILD_ONE = """
import trimodal
from mmengine.config import Config
from trimodal.registry import MODELS
config = Config.fromfile('user.py')
assert config.work_dir == 'mine'
print(sum(p.numel() for p in MODELS.build(config.model).parameters()))
"""


def run(*command: str, cwd: Path, target: Path | None = None) -> str:
    """Run Python away from the source tree; give what it prints last."""
    environment = {**os.environ, 'PYTHONDONTWRITEBYTECODE': '1'}
    if target is not None:
        environment['PYTHONPATH'] = str(target)
    done = subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1] if done.stdout else ''


def listing(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob('*')}


@pytest.fixture(scope='module')
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree: the tree itself is never built in."""
    folder = tmp_path_factory.mktemp('source')
    ignore = shutil.ignore_patterns('__pycache__', '.mim')
    for name in PARTS:
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    for name in FILES:
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope='module')
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network or an environment of its own."""
    out = tmp_path_factory.mktemp('wheel')
    before = listing(source)
    build = 'import sys; from setuptools.build_meta import build_wheel; '
    run('-c', build + 'build_wheel(sys.argv[1])', str(out), cwd=source)
    left = {name.split('/')[0] for name in listing(source) - before}
    assert left <= {'build', 'trimodal.egg-info'}
    (path,) = out.glob('trimodal-*.whl')
    return path


@pytest.fixture(scope='module')
def target(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel installed, without dependencies, in a folder of its own."""
    folder = tmp_path_factory.mktemp('target')
    pip = ('-m', 'pip', 'install', '--quiet', '--no-deps', '--no-index')
    run(*pip, '--no-compile', '--target', str(folder), str(wheel), cwd=folder)
    return folder


def test_wheel_holds_configs_and_tools(wheel: Path):
    names = set(zipfile.ZipFile(wheel).namelist())
    for part in ('configs', 'tools'):
        files = [
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / part).rglob('*')
            if path.is_file() and '__pycache__' not in path.parts
        ]
        assert files
        assert not {f'trimodal/.mim/{name}' for name in files} - names
    assert {'trimodal/.mim/model-index.yml', 'trimodal/py.typed'} <= names
    assert not [name for name in names if name.endswith('.pyc')]
    tops = {name.split('/')[0].split('-')[0] for name in names}
    assert tops == {'trimodal'}


def test_wheel_names_its_requirements(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith('/METADATA')]
        metadata = archive.read(name).decode()
    assert 'Requires-Dist: torch>=2' in metadata
    assert 'Requires-Python: >=3.10' in metadata
    for extra in ('optional', 'tests', 'docs', 'all'):
        assert f'Provides-Extra: {extra}' in metadata


def test_every_module_imports_from_the_wheel(target: Path, tmp_path: Path):
    result = json.loads(run('-c', IMPORT_ALL, cwd=tmp_path, target=target))
    outside = [f for f in result['files'] if not f.startswith(str(target))]
    assert not outside
    modules = list((ROOT / 'trimodal').rglob('*.py'))
    modules = [path for path in modules if '.mim' not in path.parts]
    assert len(result['files']) == len(modules)
    assert result['version'] in (ROOT / 'trimodal/version.py').read_text()


def test_a_config_is_found_in_the_wheel_and_builds(
    target: Path, tmp_path: Path
):
    config = relative(experiments()[0]).removeprefix('configs/')
    (tmp_path / 'user.py').write_text(
        f"_base_ = 'trimodal::{config}'\nwork_dir = 'mine'\n"
    )
    assert int(run('-c', BUILD_ONE, cwd=tmp_path, target=target)) > 0


def test_editable_install_links_to_the_tree(source: Path):
    """``.mim`` holds links, and a second build mends them."""
    build = (
        'from setuptools import Distribution; import runpy, setuptools;'
        'setuptools.setup = lambda **kw: None;'
        'command = runpy.run_path("setup.py")["BuildPy"]'
        '(Distribution(dict(name="x", packages=[])));'
        'command.editable_mode = True; command.ensure_finalized();'
        'command.run(); command.run()'
    )
    run('-c', build, cwd=source)
    mim = source / 'trimodal' / '.mim'
    assert sorted(p.name for p in mim.iterdir()) == [
        'configs',
        'model-index.yml',
        'tools',
    ]
    assert (mim / 'configs').resolve() == (source / 'configs').resolve()
