"""The contracts of our parts: one line a part, a module an area.

Every module here has a list ``CONTRACTS``; ``tests/models/test_contracts.py``
runs them all.
"""

from collections.abc import Callable, Mapping

from trimodal.testing import Contract


def case(
    config: Mapping,
    samples: Callable[[], list],
    label: str = '',
    /,
    *,
    collective: bool = False,
    **changes,
) -> Contract:
    """A contract for ``config`` with ``changes``, called type-label."""
    whole = '-'.join(filter(None, [config['type'], label]))
    return Contract({**config, **changes}, samples, whole, collective)
