"""Checks of keys and values of a config: each error says what to write."""

import math
from collections.abc import Collection, Iterable
from numbers import Real
from typing import Any

from trimodal.utils.config import ConfigError, did_you_mean


def check_known(
    where: str,
    items: Iterable[str],
    known: Collection[str],
    intro: str = 'Known are',
) -> None:
    """Raise if there is a key that nobody reads.

    Args:
        where (str): Where the keys stand in the config.
        items (Iterable[str]): The keys.
        known (Collection[str]): Those that are read.
        intro (str): How the list of these begins. Defaults to
            ``'Known are'``.

    Raises:
        ConfigError: If there is another one.
    """
    for key in items:
        if key not in known:
            hint = did_you_mean(key, known, most=1) or '.'
            raise ConfigError(
                f'{where} has an unknown {key!r}{hint} {intro} '
                f'{", ".join(known)}'
            )


def check_number(
    key: str, value: Any, above: bool = False, finite: bool = True
) -> None:
    """Raise unless a value is a number that is not negative.

    Args:
        key (str): Where it stands in the config.
        value (Any): What stands there.
        above (bool): Whether 0 is too little. Defaults to False.
        finite (bool): Whether infinity is too much. Defaults to True.

    Raises:
        ConfigError: If it is not such a number.
    """
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    large = is_number and (value > 0 if above else value >= 0)
    if large and (math.isfinite(value) or not finite):
        return
    kind = 'a finite number' if finite else 'a number'
    least = 'above 0' if above else 'at least 0'
    raise ConfigError(f'{key}={value!r}: must be {kind} {least}{_hint(value)}')


def check_no_text(key: str, value: Any) -> None:
    """Raise if a value is a number in quotes, or has one inside.

    Args:
        key (str): Where it stands in the config.
        value (Any): What stands there.

    Raises:
        ConfigError: If it is or has.
    """
    if isinstance(value, list | tuple):
        for index, item in enumerate(value):
            check_no_text(f'{key}[{index}]', item)
    elif hint := _hint(value):
        raise ConfigError(f'{key}={value!r}: must be a number{hint}')


def check_flag(key: str, value: Any) -> None:
    """Raise unless a value is True or False; 1 and 0 are.

    Args:
        key (str): Where it stands in the config.
        value (Any): What stands there.

    Raises:
        ConfigError: If it is neither: 'no' would count as True.
    """
    if not isinstance(value, Real) or value not in (True, False):
        raise ConfigError(f'{key}={value!r}: must be True or False')


def _hint(value: Any) -> str:
    """A text that would be a number."""
    if not isinstance(value, str):
        return ''
    try:
        float(value)
    except ValueError:
        return ''
    return f'; write {value} without quotes'
