"""docs/training.md names every option of training, and tests that exist."""

import argparse
import ast
import inspect
import re
import runpy
import sys

import pytest

from tests.test_repo.sources import ROOT, listed, tree_of
from trimodal.registry import HOOKS

PAGE = ROOT / 'docs' / 'training.md'
TEST = re.compile(r'`(tests/[\w./-]+\.py)::([\w:]+)`')
# Part of models, with pages of their own.
ELSEWHERE = {
    'GradientBlendingHook',
    'ModalityDropoutSchedule',
    'OGMGEHook',
}
# With the arguments of mmengine's hook of the same name.
MMENGINES = {'LoggerHook'}
# Set by the tools, or for tests.
NO_OPTIONS = {'begin_anew', 'console'}


def names_of(path: str) -> set[str]:
    """Functions of a test file, those of classes as ``Class::name``."""
    found = set()
    for node in tree_of(ROOT / path).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            methods = [m for m in node.body if isinstance(m, ast.FunctionDef)]
            found |= {f'{node.name}::{m.name}' for m in methods}
    return found


def words() -> set[str]:
    return set(re.findall(r'[\w-]+', PAGE.read_text('utf-8')))


def test_every_test_that_is_named_exists():
    named = TEST.findall(PAGE.read_text('utf-8'))
    assert len(named) > 40
    missing = [
        f'{path}::{name}'
        for path, name in named
        if not (ROOT / path).is_file() or name not in names_of(path)
    ]
    assert not missing, listed(missing)


def our_hooks() -> dict[str, type]:
    HOOKS.import_from_location()
    return {
        name: item
        for name, item in HOOKS.module_dict.items()
        if item.__module__.startswith('trimodal.') and name not in ELSEWHERE
    }


def test_every_hook_is_named():
    assert not listed(sorted(our_hooks().keys() - words())).strip()


def test_every_argument_of_a_hook_is_named():
    missing = [
        f'{name}({argument})'
        for name, hook in our_hooks().items()
        if hook.__init__ is not object.__init__ and name not in MMENGINES
        for argument, parameter in inspect.signature(hook).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD
        and argument not in words() | NO_OPTIONS
    ]
    assert not missing, listed(missing)


def test_every_flag_is_named(monkeypatch: pytest.MonkeyPatch):
    parsers: list[argparse.ArgumentParser] = []

    def parse(self: argparse.ArgumentParser, *_: object) -> None:
        parsers.append(self)
        raise SystemExit

    monkeypatch.setattr(argparse.ArgumentParser, 'parse_args', parse)
    monkeypatch.setattr(sys, 'argv', ['train.py'])
    with pytest.raises(SystemExit):
        runpy.run_path(str(ROOT / 'tools/train.py'), run_name='__main__')
    flags = {
        option
        for action in parsers[0]._actions
        for option in action.option_strings
        if option not in ('-h', '--help')
    }
    assert '--resume' in flags
    missing = sorted(flags - words())
    assert not missing, listed(missing)


def test_every_row_is_whole():
    """An option, its key, a test and a name elsewhere."""
    text = PAGE.read_text('utf-8')
    header = '| option | config key or flag | test | Lightning |'
    assert header in text
    for block in text.split(header)[1:]:
        for row in block.strip().splitlines()[1:]:
            if not row.startswith('|'):
                break
            cells = re.split(r'(?<!\\)\|', row)[1:-1]
            assert len(cells) == 4, row
            assert TEST.search(cells[2]), row
