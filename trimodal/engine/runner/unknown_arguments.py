"""What Python says of an argument that is not there, made helpful."""

import inspect
import re
from collections.abc import Iterator
from types import FrameType
from typing import Any

from trimodal.utils.config import did_you_mean

_UNEXPECTED = re.compile(
    r"([\w.<>]+)\(\) got an unexpected keyword argument '(\w+)'"
)
# More names than that do not help.
_MOST = 12


def explain_unexpected(
    error: Exception, frame: FrameType
) -> tuple[str, str] | None:
    """Who was called, and what it takes instead of what it was given.

    Args:
        error (Exception): What was raised.
        frame (FrameType): Where.

    Returns:
        tuple[str, str] | None: The name of the class or function, and the
        explanation. None if the error is of another kind.
    """
    match = _UNEXPECTED.match(str(error))
    if match is None or not isinstance(error, TypeError):
        return None
    path, argument = match[1].removesuffix('.__init__'), match[2]
    name = path.rpartition('.')[2]
    known = _arguments(path.rpartition('<locals>.')[2], frame)
    hint = did_you_mean(argument, known, most=1)
    if 0 < len(known) <= _MOST:
        hint = f'{hint or "."} It takes {", ".join(known)}'
    return name, f'{name} has no argument {argument!r}{hint}'


def _arguments(path: str, frame: FrameType) -> list[str]:
    """Those of what was called; none if it cannot be found."""
    head, *rest = path.split('.')
    for item in _around(frame):
        if getattr(item, '__name__', None) != head:
            continue
        for name in rest:
            item = getattr(item, name, None)
        if callable(item):
            found = inspect.signature(item).parameters.values()
            given = ('self', 'runner')  # by mmengine, not by the config
            return [
                p.name
                for p in found
                if p.name not in given
                and p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)
            ]
    return []


def _around(frame: FrameType) -> Iterator[Any]:
    """Everything that has a name where the error was raised."""
    for item in frame.f_locals.values():
        if isinstance(item, type):  # and what it inherits from
            yield from item.__mro__
        yield item
    yield from type(frame.f_locals.get('self')).__mro__
    yield from frame.f_globals.values()
