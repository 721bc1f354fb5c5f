"""Checks of constructor arguments: each error names what is allowed."""

from collections.abc import Collection


def check_choice(
    name: str, value: object, allowed: Collection[object]
) -> None:
    """Raise unless ``value`` is one of ``allowed``.

    Raises:
        ValueError: If it is not.
    """
    if value not in allowed:
        raise ValueError(
            f'{name} must be one of {sorted(map(repr, allowed))}, '
            f'got {value!r}'
        )


def check_positive(**values: int | float) -> None:
    """Raise unless every value is larger than 0.

    Raises:
        ValueError: Naming the first that is not.
    """
    for name, value in values.items():
        if not value > 0:
            raise ValueError(f'{name} must be larger than 0, got {value!r}')


def check_probability(**values: float) -> None:
    """Raise unless every value lies in [0, 1].

    Raises:
        ValueError: Naming the first that does not.
    """
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise ValueError(f'{name} must lie in [0, 1], got {value!r}')


def check_multiple(name: str, value: int, divisor: int, because: str) -> None:
    """Raise unless ``value`` is a positive multiple of ``divisor``.

    Raises:
        ValueError: If it is not, with the reason ``because``.
    """
    if divisor < 1 or value < 1 or value % divisor:
        raise ValueError(
            f'{name} must be a positive multiple of {divisor} ({because}), '
            f'got {value}'
        )


def check_odd(name: str, values: Collection[int]) -> None:
    """Raise unless there are values and each is a positive odd number.

    Raises:
        ValueError: If there are none, or one is even or below 1.
    """
    if not values or any(value < 1 or value % 2 == 0 for value in values):
        raise ValueError(
            f'{name} must be positive odd numbers, so that a step has as '
            f'many neighbours before as behind, got {list(values)}'
        )
