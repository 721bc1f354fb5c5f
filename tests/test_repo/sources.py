"""Where the rules find what they check."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """Every Python file under the repository's ``folders``, sorted.

    Folders whose name starts with a dot (``trimodal/.mim``) are left out.
    """
    found = (f for folder in folders for f in (ROOT / folder).rglob('*.py'))
    return tuple(
        sorted(
            path
            for path in found
            if not any(
                part.startswith('.') for part in path.relative_to(ROOT).parts
            )
        )
    )


def experiments() -> list[Path]:
    """Every config that is not a building block of others."""
    found = python_files('configs')
    return [path for path in found if '_base_' not in path.parts]


def listed(faults: Iterable[object]) -> str:
    """Faults as a message of an assertion: all of them, one a line."""
    return '\n' + '\n'.join(map(str, faults))


def relative(path: Path) -> str:
    """The path as seen from the repository's root, with slashes."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text('utf-8'), filename=str(path))


def functions_of(path: Path) -> Iterator[ast.FunctionDef]:
    """Every function and method of a file, nested ones too."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imports_of(path: Path) -> set[str]:
    """The dotted names of all modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names
