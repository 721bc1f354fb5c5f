"""Mends for mmengine 0.10.7 under today's torch and setuptools."""


def apply() -> None:
    """Apply every mend that the installed mmengine still needs."""
