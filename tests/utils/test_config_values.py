"""Values of configs: what is refused, and what to write instead."""

import math
from typing import Any

import numpy as np
import pytest

from trimodal.utils.config import ConfigError
from trimodal.utils.config_values import (
    check_flag,
    check_known,
    check_no_text,
    check_number,
)


def test_keys():
    check_known('a', {'b': 1}, ['c', 'b'])
    with pytest.raises(ConfigError) as error:
        check_known('a', ['lr', 'momentun'], ['lr', 'momentum'])
    expected = "a has an unknown 'momentun'; did you mean momentum? "
    assert str(error.value) == f'{expected}Known are lr, momentum'
    with pytest.raises(ConfigError, match=r"unknown 'x'\. It takes lr$"):
        check_known('a', 'x', ['lr'], 'It takes')


def test_numbers():
    for value in (0, 1, 0.5, np.float32(0.5)):
        check_number('a', value)
    check_number('a', math.inf, finite=False)
    for value in (-1, math.nan, math.inf, -math.inf, True, None, [1], '1'):
        with pytest.raises(ConfigError, match='a finite number at least 0'):
            check_number('a', value)
    for value in (0, -math.inf, math.nan, '1'):
        with pytest.raises(ConfigError, match='a number above 0'):
            check_number('a', value, above=True, finite=False)


@pytest.mark.parametrize(
    ('value', 'message'),
    [
        ('1e-3', "a.b='1e-3': must be a finite number at least 0; write 1e-3 "
         'without quotes'),
        ('small', "a.b='small': must be a finite number at least 0"),
    ],
)  # fmt: skip
def test_texts_instead_of_numbers(value: str, message: str):
    with pytest.raises(ConfigError) as error:
        check_number('a.b', value)
    assert str(error.value) == message


def test_numbers_in_quotes_anywhere():
    for value in ('SGD', 1, None, True, (0.9, 0.99)):
        check_no_text('a', value)
    with pytest.raises(ConfigError) as error:
        check_no_text('a', (0.9, '0.99'))
    expected = "a[1]='0.99': must be a number; write 0.99 without quotes"
    assert str(error.value) == expected


def test_flags():
    for value in (True, False, 0, 1):
        check_flag('a', value)
    for wrong in ('yes', 'no', 2, None, []):
        flag: Any = wrong
        with pytest.raises(ConfigError, match='must be True or False'):
            check_flag('a', flag)
