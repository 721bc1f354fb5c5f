import math
from typing import Any

import pytest

from trimodal.datasets.transforms.checks import (
    check_integer,
    check_number,
    check_point,
    check_range,
    check_size,
)


def test_good_values_come_back() -> None:
    assert check_number('a', 1, 0, 1) == 1.0
    assert check_integer('a', 3, 1) == 3
    assert check_range('a', [0, 2]) == (0.0, 2.0)
    assert check_size('a', 5) == (5, 5)
    assert check_size('a', [3, 4]) == (3, 4)
    assert check_point('a', (1, 2, 3)) == (1.0, 2.0, 3.0)


@pytest.mark.parametrize('value', [-1, 2, math.nan, 'x', None, (0.5,)])
def test_bad_number(value: Any) -> None:
    with pytest.raises(ValueError, match=r'^speed must be a number from 0'):
        check_number('speed', value, 0, 1)


@pytest.mark.parametrize('value', [0, 1.0, True, '1', None])
def test_bad_integer(value: Any) -> None:
    with pytest.raises(ValueError, match=r'^n must be an integer of at least'):
        check_integer('n', value, 1)


@pytest.mark.parametrize(
    'value', [(1,), (1, 2, 3), (2, 1), (-1, 1), (0, 9), 1, 'ab', (0, None)]
)
def test_bad_range(value: Any) -> None:
    with pytest.raises(ValueError, match=r'^r must be two numbers .* got '):
        check_range('r', value, 0, 5)


@pytest.mark.parametrize(
    'value', [0, -1, 1.5, (1,), (1, 0), (2.5, 2), (1, math.inf), True, 'ab']
)
def test_bad_size(value: Any) -> None:
    with pytest.raises(ValueError, match=r'^size must be a positive integer'):
        check_size('size', value)


@pytest.mark.parametrize('value', [(1, 2), (1, 2, math.nan), 'abc', 3])
def test_bad_point(value: Any) -> None:
    with pytest.raises(ValueError, match=r'^p must be three finite numbers'):
        check_point('p', value)
