"""Arguments that are not there: who was called, and what it takes."""

import sys
from collections.abc import Callable
from typing import Any

from mmengine.hooks import LoggerHook

from trimodal.engine.runner.unknown_arguments import explain_unexpected


class Base:
    """Takes few."""

    def __init__(self, interval: int = 1, *, depth: int = 2) -> None:
        """Takes these."""

    @staticmethod
    def tool(strength: float) -> None:
        """Takes one."""


class Part(Base):
    """Passes on what it does not know."""

    def __init__(self, name: str = '', **kwargs: Any) -> None:
        super().__init__(**kwargs)


def explained(call: Callable[[], Any]) -> tuple[str, str] | None:
    try:
        call()
    except Exception as error:
        trace = sys.exc_info()[2]
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        assert trace is not None
        return explain_unexpected(error, trace.tb_frame)
    raise AssertionError('it takes it')


def test_classes_and_functions():
    kind: Any = Base
    expected = 'did you mean interval? It takes interval, depth'
    assert explained(lambda: kind(intervall=3)) == (
        'Base',
        f"Base has no argument 'intervall'; {expected}",
    )
    assert explained(lambda: kind(x=3)) == (
        'Base',
        "Base has no argument 'x'. It takes interval, depth",
    )
    assert explained(lambda: kind.tool(x=3)) == (
        'tool',
        "tool has no argument 'x'. It takes strength",
    )
    part: Any = Part  # the innermost frame is its own
    assert explained(lambda: part(intervall=3)) == (
        'Base',
        f"Base has no argument 'intervall'; {expected}",
    )


def test_what_cannot_be_found_is_only_named():
    def make() -> Any:
        def inner() -> None:
            """Takes none."""

        return inner

    call = make()
    found = explained(lambda: [call][0](x=1))
    assert found == ('inner', "inner has no argument 'x'")


def test_long_lists_are_left_out():
    hook: Any = LoggerHook
    found = explained(lambda: hook(intervals=1))
    assert found is not None
    assert found[1].startswith("LoggerHook has no argument 'intervals'; did")


def test_other_errors():
    kind: Any = Base
    assert explained(lambda: 1 / 0) is None
    assert explained(lambda: kind(1, 2, 3)) is None
    error = ValueError("f() got an unexpected keyword argument 'x'")
    assert explain_unexpected(error, sys._getframe()) is None
