"""Two processes: a part that leaves parameters out is reported."""

from tests.testing.test_contracts import contract
from trimodal.testing import run_distributed


def test_faults_are_named():
    faults = run_distributed([contract('none'), contract('idle')])
    assert set(faults) == {'idle'}
    assert 'Expected to have finished reduction' in faults['idle']
