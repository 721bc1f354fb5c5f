"""Every registered head against the contract of heads."""

import pytest

from tests.models import cases_heads
from tests.models.contract_cases import contracts_of, parts_of
from trimodal.models import BaseHead
from trimodal.testing import HEAD_CHECKS, run_distributed

CONTRACTS = contracts_of(cases_heads)


@pytest.mark.parametrize('check', HEAD_CHECKS, ids=lambda c: c.__name__)
@pytest.mark.parametrize('contract', CONTRACTS, ids=lambda c: c.id)
def test_contract(contract, check):
    check(contract)


def test_two_processes():
    faults = run_distributed(CONTRACTS)
    assert not faults, '\n\n'.join(f'{k}: {v}' for k, v in faults.items())


def test_every_head_has_a_contract():
    parts = parts_of(BaseHead)
    assert parts <= {contract.cfg['type'] for contract in CONTRACTS}


def test_names_of_contracts_are_unique():
    names = [contract.id for contract in CONTRACTS]
    assert len(names) == len(set(names))
