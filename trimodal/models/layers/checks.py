"""Checks of constructor arguments: each error names what is allowed."""

from collections.abc import Collection, Mapping, Sequence


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


def check_not_negative(**values: int | float) -> None:
    """Raise unless every value is at least 0.

    Raises:
        ValueError: Naming the first that is not.
    """
    for name, value in values.items():
        if not value >= 0:
            raise ValueError(f'{name} must be >= 0, got {value!r}')


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


def check_widths(
    modalities: Sequence[str], in_channels: int | Mapping[str, int]
) -> dict[str, int]:
    """The channels of each modality, in the order of ``modalities``.

    Args:
        modalities (Sequence[str]): Names.
        in_channels (int | Mapping[str, int]): Channels of every stream, or of
            each.

    Returns:
        dict[str, int]: Channels by name.

    Raises:
        ValueError: If ``modalities`` is empty or has doubles, ``in_channels``
            does not name exactly these, or a width is not positive.
    """
    names = tuple(modalities)
    if not names or len(set(names)) < len(names):
        raise ValueError(f'modalities must be names, each once, got {names}')
    if isinstance(in_channels, int):
        in_channels = dict.fromkeys(names, in_channels)
    if set(in_channels) != set(names):
        raise ValueError(
            f'in_channels must be a number or name {sorted(names)}, got '
            f'{dict(in_channels)}'
        )
    check_positive(**in_channels)
    return {name: in_channels[name] for name in names}
