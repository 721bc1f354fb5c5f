"""Runs a tool in this process: torch is loaded already."""

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).parents[2] / 'tools'


def run_tool(
    monkeypatch: pytest.MonkeyPatch, name: str, *arguments: Any
) -> None:
    """Run ``tools/{name}.py`` as if from a shell."""
    argv = [name, *(str(argument) for argument in arguments)]
    monkeypatch.setattr(sys, 'argv', argv)
    runpy.run_path(str(TOOLS / f'{name}.py'), run_name='__main__')


def failure_of(
    monkeypatch: pytest.MonkeyPatch, name: str, *arguments: Any
) -> str:
    """The one line that a tool ends with when the user has erred."""
    with pytest.raises(SystemExit) as end:
        run_tool(monkeypatch, name, *arguments)
    # A string as exit code is printed on stderr, and the status is 1.
    assert isinstance(end.value.code, str)
    assert end.value.code.startswith('error: ')
    assert '\n' not in end.value.code
    return end.value.code
