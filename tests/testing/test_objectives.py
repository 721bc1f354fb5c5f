"""The contract of objectives finds what it is there to find."""

import pytest
import torch
from torch import nn

from trimodal.models import BaseObjective
from trimodal.registry import MODELS
from trimodal.testing import (
    ObjectiveContract,
    check_objective,
    label_samples,
)
from trimodal.testing.objectives import WIDTHS


@MODELS.register_module()
class FaultyObjective(BaseObjective):
    """A mean over streams with a fault that can be chosen."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault = fault
        self.linear = nn.Linear(WIDTHS['a'], 1)

    def loss(self, streams, fused, data_samples):
        stream = streams['a']
        steps = self.linear(stream.x).squeeze(2)[stream.mask]
        if self.fault == 'padding':
            steps = self.linear(stream.x)
        if self.fault == 'nan':
            return {'loss_mean': steps.mean()}
        if self.fault == 'graph' and not len(steps):
            return {'loss_mean': fused.pooled.sum() * 0}
        if self.fault == 'vector':
            return {'loss_mean': steps}
        name = 'mean' if self.fault == 'name' else 'loss_mean'
        losses = {name: steps.square().sum()}
        if self.fault == 'statistic':
            losses['mean'] = steps.sum()
        if self.fault == 'input':
            stream.present[0] = False
        return losses


def contract(fault: str) -> ObjectiveContract:
    return ObjectiveContract({'type': 'FaultyObjective', 'fault': fault})


def test_a_sound_objective_passes():
    check_objective(contract(''))


@pytest.mark.parametrize(
    ('fault', 'message'),
    [
        ('padding', 'not close'),
        ('nan', None),
        ('graph', 'left out of the graph'),
        ('vector', 'must be a scalar'),
        ('name', 'no loss'),
        ('statistic', 'mean has a gradient'),
        ('input', None),
    ],
)
def test_faults_are_found(fault, message):
    with pytest.raises(AssertionError, match=message):
        check_objective(contract(fault))


def test_labels():
    samples = label_samples(5)
    labels = [s.get('gt_label') for s in samples]
    assert torch.cat(labels[:4]).tolist() == [0, 1, 2, 0]
    assert labels[4] is None
