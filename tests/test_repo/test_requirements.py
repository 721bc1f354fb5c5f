"""Requirements are ranges, each with its reason, and say what is used."""

import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.test_repo.sources import ROOT, imports_of, listed, python_files

FOLDER = ROOT / 'requirements'
NAMES = ('runtime', 'optional', 'tests', 'docs')
# The module of a distribution, where it is not the name itself.
MODULES = {
    'mlflow-skinny': 'mlflow',
    'mmcv-lite': 'mmcv',
    'opencv-python': 'cv2',
    'pillow': 'PIL',
    'scikit-learn': 'sklearn',
}
# Used without an import of ours: by mmengine when a config asks for it, or
# as a program.
NOT_IMPORTED = {'tensorboard', 'pytest-xdist', 'ruff', 'mypy'}
LINE = re.compile(r'(?P<requirement>[^#]+?)  # (?P<reason>\S.{5,})')


def requirements(name: str) -> list[Requirement]:
    lines = (FOLDER / f'{name}.txt').read_text('utf-8').splitlines()
    matches = [LINE.fullmatch(line) for line in lines]
    bad = [a for a, match in zip(lines, matches, strict=True) if not match]
    assert not bad, 'not of the form "package>=1  # why":'
    return [Requirement(match['requirement']) for match in matches if match]


def constraints() -> dict[str, str]:
    text = (FOLDER / 'constraints.txt').read_text('utf-8')
    pinned = re.findall(r'^([\w.-]+)==(\S+)$', text, re.MULTILINE)
    return dict(pinned)


def module_of(requirement: Requirement) -> str:
    default = requirement.name.replace('-', '_')
    return MODULES.get(requirement.name, default)


@pytest.mark.parametrize('name', NAMES)
def test_every_line_is_a_range_with_a_reason(name):
    for requirement in requirements(name):
        operators = {item.operator for item in requirement.specifier}
        assert '>=' in operators, requirement
        assert operators <= {'>=', '<', '!='}, requirement


def test_no_package_stands_twice():
    """But what is optional, and tested, in the same words."""
    tests = {str(item) for item in requirements('tests')}
    names = [
        item.name
        for name in NAMES
        for item in requirements(name)
        if name != 'optional' or str(item) not in tests
    ]
    assert len(names) == len(set(names))


@pytest.mark.parametrize('name', ['runtime', 'tests'])
def test_what_is_installed_is_in_range(name):
    for requirement in requirements(name):
        found = version(requirement.name)
        assert requirement.specifier.contains(found, prereleases=True)


def test_constraints_are_in_range():
    pinned = constraints()
    assert pinned['opencv-python'] == pinned['opencv-contrib-python']
    for name in NAMES:
        for item in requirements(name):
            if item.name in pinned:
                assert item.specifier.contains(pinned[item.name]), item


def test_pre_commit_has_the_constrained_versions():
    text = (ROOT / '.pre-commit-config.yaml').read_text('utf-8')
    hooks = dict(re.findall(r'\[(\w+)==([\d.]+)\]', text))
    assert hooks == {'ruff': constraints()['ruff']}


def imported(folders: tuple[str, ...]) -> set[str]:
    """Top-level names of the third-party modules under ``folders``."""
    names = {
        name.split('.')[0]
        for path in python_files(*folders)
        for name in imports_of(path)
    }
    ours = {p.name for p in ROOT.iterdir() if p.is_dir()}
    siblings = {p.stem for p in Path(ROOT / 'tools').rglob('*.py')}
    return names - set(sys.stdlib_module_names) - ours - siblings


def test_every_import_is_required():
    allowed = {
        module_of(item)
        for name in ('runtime', 'optional')
        for item in requirements(name)
    }
    undeclared = imported(('trimodal', 'tools', 'benchmarks')) - allowed
    assert not undeclared, listed(undeclared)


def test_every_import_of_a_test_is_required():
    allowed = {module_of(i) for name in NAMES for i in requirements(name)}
    undeclared = imported(('tests',)) - allowed
    assert not undeclared, listed(undeclared)


def test_every_runtime_requirement_is_used():
    """A line earns its place by an import."""
    used = imported(('trimodal', 'tools'))
    unused = {
        item.name
        for item in requirements('runtime')
        if module_of(item) not in used and item.name not in NOT_IMPORTED
    }
    assert not unused, listed(unused)


def test_requirements_txt_reads_runtime():
    text = (ROOT / 'requirements.txt').read_text('utf-8')
    assert text.split() == ['-r', 'requirements/runtime.txt']
