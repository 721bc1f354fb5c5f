"""Every registered encoder, aligner and fusion against the contract."""

import importlib
import pkgutil

import pytest

from tests.models import cases
from trimodal.models import BaseAligner, BaseEncoder, BaseFusion
from trimodal.registry import MODELS
from trimodal.testing import CHECKS, run_distributed

CONTRACTS = [
    contract
    for info in pkgutil.iter_modules(cases.__path__)
    for contract in importlib.import_module(
        f'{cases.__name__}.{info.name}'
    ).CONTRACTS
]


@pytest.mark.parametrize('check', CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize('contract', CONTRACTS, ids=lambda c: c.id)
def test_contract(contract, check):
    check(contract)


@pytest.fixture(scope='module')
def faults() -> dict[str, str]:
    return run_distributed(CONTRACTS)


def test_two_processes(faults):
    assert not faults, '\n\n'.join(f'{k}: {v}' for k, v in faults.items())


def test_every_part_has_a_contract():
    MODELS.import_from_location()
    bases = (BaseAligner, BaseEncoder, BaseFusion)
    parts = {
        name
        for name, part in MODELS.module_dict.items()
        if isinstance(part, type)
        and issubclass(part, bases)
        and part.__module__.startswith('trimodal.')
    }
    assert parts <= {contract.cfg['type'] for contract in CONTRACTS}


def test_names_of_contracts_are_unique():
    names = [contract.id for contract in CONTRACTS]
    assert len(names) == len(set(names))
