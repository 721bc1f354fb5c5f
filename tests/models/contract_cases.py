"""Contracts of all parts of a kind, and which parts there are."""

import importlib
import pkgutil
from types import ModuleType

from trimodal.registry import MODELS


def contracts_of(cases: ModuleType) -> list:
    """What the modules of a package have in their lists ``CONTRACTS``."""
    return [
        contract
        for info in pkgutil.iter_modules(cases.__path__)
        for contract in importlib.import_module(
            f'{cases.__name__}.{info.name}'
        ).CONTRACTS
    ]


def parts_of(*bases: type) -> set[str]:
    """Names of our registered classes that are of one of the bases."""
    MODELS.import_from_location()
    return {
        name
        for name, part in MODELS.module_dict.items()
        if isinstance(part, type)
        and issubclass(part, bases)
        and part.__module__.startswith('trimodal.')
    }
