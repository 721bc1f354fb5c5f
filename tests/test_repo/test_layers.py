"""Data goes forward only, and modalities are keys, not names in code."""

import ast
from pathlib import Path

from tests.test_repo.sources import (
    imports_of,
    listed,
    python_files,
    relative,
    tree_of,
)

# What each part of trimodal may not import, because it lies behind it on
# the way of a sample.
FORBIDDEN = {
    'structures': ('datasets', 'models', 'engine', 'evaluation', 'apis'),
    'datasets': ('models', 'engine', 'evaluation', 'apis', 'visualization'),
    'models': ('datasets', 'engine', 'evaluation', 'apis', 'visualization'),
    'evaluation': ('models', 'engine', 'apis'),
    'visualization': ('models', 'engine', 'apis'),
}
MODALITIES = {'speech', 'gesture', 'image'}
# Here the code loops over whatever modalities it is given.
AGNOSTIC = ('aligners', 'fusions', 'heads', 'losses', 'objectives')


def strings_of(path: Path) -> set[str]:
    """The strings of a file's code, its docstrings left out."""
    nodes = list(ast.walk(tree_of(path)))
    docs = {id(n.value) for n in nodes if isinstance(n, ast.Expr)}
    return {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docs
    }


def test_no_stage_imports_a_later_one():
    wrong = [
        f'{relative(path)} imports {name}'
        for part, others in FORBIDDEN.items()
        for path in python_files(f'trimodal/{part}')
        for name in imports_of(path)
        for other in others
        if f'{name}.'.startswith(f'trimodal.{other}.')
    ]
    assert not wrong, listed(wrong)


def test_models_name_no_modality():
    paths = [
        path
        for part in AGNOSTIC
        for path in python_files(f'trimodal/models/{part}')
    ]
    paths += [
        path
        for path in python_files('trimodal/models')
        if path.name == 'fusion_model.py'
    ]
    assert paths
    named = {
        relative(path): sorted(found)
        for path in paths
        if (found := strings_of(path) & MODALITIES)
    }
    assert not named, listed(named.items())


def test_imports_are_absolute():
    relatives = [
        f'{relative(path)}:{node.lineno}'
        for path in python_files('trimodal')
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not relatives, listed(relatives)


def test_nothing_is_left_unwritten():
    """No stub: a NotImplementedError, or a function of nothing but pass."""
    stubs = [
        f'{relative(path)}:{node.lineno}'
        for path in python_files('trimodal', 'tools', 'benchmarks')
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Raise)
        and node.exc is not None
        and 'NotImplementedError' in ast.dump(node.exc)
    ]
    assert not stubs, listed(stubs)
