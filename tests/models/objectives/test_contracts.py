"""Every registered objective against the contract of objectives."""

from typing import Any

import pytest

from tests.models.contract_cases import parts_of
from trimodal.models import BaseObjective
from trimodal.testing import (
    OBJECTIVE_CHECKS,
    ObjectiveContract,
    run_distributed,
)
from trimodal.testing.objectives import WIDTHS

HEAD = {'type': 'ClsHead', 'num_classes': 3}
HEADS = {'modalities': tuple(WIDTHS), 'in_channels': WIDTHS, 'head': HEAD}
UNIMODAL = {'type': 'UnimodalHeads', **HEADS}


def weighting(name: str, **settings: Any) -> ObjectiveContract:
    cfg = {'type': name, **settings}
    return ObjectiveContract(cfg, id=name, tasks=('x', 'y'))


CONTRACTS = [
    ObjectiveContract(UNIMODAL, id='unimodal'),
    ObjectiveContract(
        {
            **UNIMODAL,
            'pooling': 'attention',
            'loss_weight': {'a': 1.0, 'b': 0.5, 'c': 2.0},
        },
        id='unimodal-attention',
    ),
    ObjectiveContract({'type': 'OGMGE', **HEADS}, id='ogm-ge'),
    ObjectiveContract({'type': 'DiversityLoss'}, id='diversity'),
    ObjectiveContract(
        {'type': 'DiversityLoss', 'modalities': ('a', 'c')},
        id='diversity-pair',
    ),
    weighting('FixedWeights', weights={'x': 2.0, 'y': 0.5}),
    weighting('UncertaintyWeights', tasks=('x', 'y')),
    weighting('GradNorm', tasks=('x', 'y')),
    weighting('PCGrad', tasks=('x', 'y')),
]
# The fused head that it weighs belongs to a model: see its own tests.
ELSEWHERE = {'GradientBlending'}


@pytest.mark.parametrize('check', OBJECTIVE_CHECKS, ids=lambda c: c.__name__)
@pytest.mark.parametrize('contract', CONTRACTS, ids=lambda c: c.id)
def test_contract(contract, check):
    check(contract)


def test_two_processes():
    faults = run_distributed(CONTRACTS)
    assert not faults, '\n\n'.join(f'{k}: {v}' for k, v in faults.items())


def test_every_objective_has_a_contract():
    parts = parts_of(BaseObjective)
    assert parts <= {c.cfg['type'] for c in CONTRACTS} | ELSEWHERE
