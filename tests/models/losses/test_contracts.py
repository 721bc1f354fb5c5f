"""Every registered loss against the contract of losses."""

import pytest

from tests.models import cases_losses
from tests.models.contract_cases import contracts_of
from trimodal.registry import MODELS
from trimodal.testing import LOSS_CHECKS, run_distributed

CONTRACTS = contracts_of(cases_losses)
# They take boxes as a head prepares them: see its contract, and their tests.
ELSEWHERE = {'HungarianMatcher', 'SetLoss', 'TaskAlignedLoss'}


@pytest.mark.parametrize('check', LOSS_CHECKS, ids=lambda c: c.__name__)
@pytest.mark.parametrize('contract', CONTRACTS, ids=lambda c: c.id)
def test_contract(contract, check):
    check(contract)


def test_two_processes():
    faults = run_distributed(CONTRACTS)
    assert not faults, '\n\n'.join(f'{k}: {v}' for k, v in faults.items())


def test_every_loss_has_a_contract():
    MODELS.import_from_location()
    parts = {
        name
        for name, part in MODELS.module_dict.items()
        if part.__module__.startswith('trimodal.models.losses.')
    }
    assert parts <= {c.cfg['type'] for c in CONTRACTS} | ELSEWHERE


def test_names_of_contracts_are_unique():
    names = [contract.id for contract in CONTRACTS]
    assert len(names) == len(set(names))
