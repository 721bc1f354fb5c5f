"""Layers come and go in any order, and the method is the one of before."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from trimodal.engine.hooks.wrapping import wrap_method


class Counter:
    """Adds up."""

    def __init__(self) -> None:
        self.total = 0

    def add(self, number: int, times: int = 1) -> int:
        self.total += number * times
        return self.total


def noting(name: str, notes: list[str]) -> Callable[..., Any]:
    def layer(method: Callable[..., Any], *args: Any, **options: Any) -> Any:
        notes.append(name)
        return method(*args, **options)

    return layer


@pytest.mark.parametrize('order', itertools.permutations('abc'))
def test_they_go_in_any_order(order: tuple[str, ...]):
    counter, notes = Counter(), []
    gone = {
        name: wrap_method(counter, 'add', noting(name, notes))
        for name in 'abc'
    }
    assert counter.add(2, times=3) == 6
    assert notes == ['c', 'b', 'a']  # the last is the outermost
    left = list('cba')
    for name in order:
        gone[name]()
        left.remove(name)
        notes.clear()
        counter.add(1)
        assert notes == left
    assert 'add' not in vars(counter)
    assert counter.total == 9
    gone['a']()  # once more does nothing
    assert 'add' not in vars(counter)


def test_what_stood_there_before_comes_back():
    counter = Counter()
    before = counter.add = lambda number: number  # type: ignore
    gone = wrap_method(counter, 'add', noting('a', []))
    assert counter.add(3) == 3
    gone()
    assert counter.add is before


def test_one_who_wraps_without_us_is_left_alone():
    counter, notes = Counter(), []
    gone = wrap_method(counter, 'add', noting('a', notes))
    inner = counter.add
    counter.add = lambda number: inner(2 * number)  # type: ignore
    gone()
    assert counter.add(3) == 6
    assert not notes
