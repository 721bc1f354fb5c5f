"""Checks of constructor arguments, each with a message that helps."""

import math
from collections.abc import Sequence
from numbers import Real


def check_number(
    name: str, value: float, low: float = -math.inf, high: float = math.inf
) -> float:
    """Return ``value`` as a float if it lies in ``[low, high]``.

    Raises:
        ValueError: If it is no number or outside; the message names the
            argument, the value and what is allowed.
    """
    if not isinstance(value, Real) or not low <= value <= high:
        raise ValueError(
            f'{name} must be a number from {low:g} to {high:g}, got {value!r}'
        )
    return float(value)


def check_integer(name: str, value: int, low: int) -> int:
    """Return ``value`` if it is an integer of at least ``low``.

    Raises:
        ValueError: If it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise ValueError(
            f'{name} must be an integer of at least {low}, got {value!r}'
        )
    return value


def check_range(
    name: str,
    value: Sequence[float],
    low: float = -math.inf,
    high: float = math.inf,
) -> tuple[float, float]:
    """Return ``value`` as ``(min, max)`` if ``low <= min <= max <= high``.

    Raises:
        ValueError: If it is no such pair.
    """
    pair = _numbers(value)
    if len(pair) != 2 or not low <= pair[0] <= pair[1] <= high:
        raise ValueError(
            f'{name} must be two numbers (min, max) with {low:g} <= min <= '
            f'max <= {high:g}, got {value!r}'
        )
    return pair[0], pair[1]


def check_size(name: str, value: int | Sequence[int]) -> tuple[int, int]:
    """Return ``value`` as ``(height, width)``; one integer means a square.

    Raises:
        ValueError: If it is neither one nor two positive integers.
    """
    pair = _numbers([value] * 2 if isinstance(value, int) else value)
    if len(pair) != 2 or not all(n >= 1 and n.is_integer() for n in pair):
        raise ValueError(
            f'{name} must be a positive integer or (height, width), got '
            f'{value!r}'
        )
    return int(pair[0]), int(pair[1])


def check_point(name: str, value: Sequence[float]) -> tuple[float, ...]:
    """Return ``value`` as ``(x, y, z)`` if it is three finite numbers.

    Raises:
        ValueError: If it is not.
    """
    point = _numbers(value)
    if len(point) != 3 or not all(map(math.isfinite, point)):
        raise ValueError(
            f'{name} must be three finite numbers (x, y, z), got {value!r}'
        )
    return point


def _numbers(value: Sequence[float]) -> tuple[float, ...]:
    """``value`` as floats; empty if it is not a sequence of numbers."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        return ()
    if any(
        isinstance(number, bool) or not isinstance(number, Real)
        for number in value
    ):
        return ()
    return tuple(float(number) for number in value)
