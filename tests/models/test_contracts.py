"""Every registered encoder, aligner and fusion against the contract."""

import pytest

from tests.models import cases
from tests.models.contract_cases import contracts_of, parts_of
from trimodal.models import BaseAligner, BaseEncoder, BaseFusion
from trimodal.testing import CHECKS, run_distributed

CONTRACTS = contracts_of(cases)


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
    parts = parts_of(BaseAligner, BaseEncoder, BaseFusion)
    assert parts <= {contract.cfg['type'] for contract in CONTRACTS}


def test_names_of_contracts_are_unique():
    names = [contract.id for contract in CONTRACTS]
    assert len(names) == len(set(names))
