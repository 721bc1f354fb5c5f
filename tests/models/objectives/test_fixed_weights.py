"""Tasks times a number."""

import pytest
import torch

from tests.models.objectives.tasks import batch, losses_of, make
from trimodal.models import FixedWeights

DATA = batch([0, 1, 1], [2.0, None, -1])


def test_losses_are_multiplied():
    plain, weighted = (losses_of(make(*w), DATA) for w in ([], ['fixed']))
    factors = {
        'cls.loss_cls': 0.5,
        'value.loss_square': 2,
        'value.loss_size': 2,
    }
    assert set(plain) == set(factors)
    for key, factor in factors.items():
        torch.testing.assert_close(weighted[key], factor * plain[key])
    assert weighted['weight/cls'] == 0.5
    assert weighted['weight/value'] == 2
    assert len(weighted) == 5


def test_the_config_decides_not_the_checkpoint():
    assert not FixedWeights({'cls': 1.0}).state_dict()


def test_bad_weights():
    with pytest.raises(ValueError, match=r"weights\['cls'\] must be >= 0"):
        FixedWeights({'cls': -1.0})
    assert FixedWeights({'cls': 0.0}).weights.tolist() == [0]
