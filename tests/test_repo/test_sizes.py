"""Files and functions stay short."""

import ast

from tests.test_repo.sources import (
    functions_of,
    listed,
    python_files,
    relative,
)

FILE_LINES = 400
FUNCTION_LINES = 50
CODE = ('trimodal', 'tools', 'benchmarks')


def body_lines(function: ast.FunctionDef) -> int:
    """Lines of a function's body, its docstring not counted."""
    body = function.body
    if ast.get_docstring(function) is not None:
        body = body[1:]
    if not body:
        return 0
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def test_body_lines_counts_without_the_docstring():
    source = 'def f(a,\n      b):\n    """Text.\n\n    More.\n    """\n'
    function = ast.parse(source + '    a = 1\n\n    return a\n').body[0]
    assert body_lines(function) == 3
    assert body_lines(ast.parse(source).body[0]) == 0


def test_no_file_is_too_long():
    folders = (*CODE, 'configs', 'tests')
    lengths = {
        relative(path): len(path.read_text('utf-8').splitlines())
        for path in python_files(*folders)
    }
    assert lengths
    too_long = {k: v for k, v in lengths.items() if v > FILE_LINES}
    assert not too_long, listed(too_long.items())


def test_no_function_is_too_long():
    too_long = {
        f'{relative(path)}:{function.lineno} {function.name}': length
        for path in python_files(*CODE)
        for function in functions_of(path)
        if (length := body_lines(function)) > FUNCTION_LINES
    }
    assert not too_long, listed(too_long.items())
