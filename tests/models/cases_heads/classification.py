"""Contracts of the classification heads."""

from trimodal.structures import TriModalDataSample
from trimodal.testing import HeadContract


def shares(size: int) -> list[TriModalDataSample]:
    """A class, or shares of several, in turn; the last has neither."""
    samples = [TriModalDataSample() for _ in range(size)]
    for row, sample in enumerate(samples[:-1]):
        if row % 2:
            sample.set_gt_label(row % 3)
        else:
            sample.set_gt_score([0.25, 0.0, 0.75])
    return samples


def labels(size: int) -> list[TriModalDataSample]:
    """No class, one or two; the last has no annotation."""
    samples = [TriModalDataSample() for _ in range(size)]
    for row, sample in enumerate(samples[:-1]):
        sample.set_gt_label([0, 2, 1][: row % 3])
    return samples


CLS = {'type': 'ClsHead', 'num_classes': 3, 'in_channels': 12}

CONTRACTS = [
    HeadContract(CLS, id='cls'),
    HeadContract(CLS, id='cls-shares', annotate=shares),
    HeadContract(
        {**CLS, 'loss': {'type': 'OHEMLoss'}}, id='cls-ohem', annotate=shares
    ),
    HeadContract(
        {**CLS, 'type': 'MultiLabelHead'}, id='multi-label', annotate=labels
    ),
    HeadContract(
        {**CLS, 'type': 'MultiLabelHead', 'loss': {'type': 'FocalLoss'}},
        id='multi-label-focal',
        annotate=shares,
    ),
    HeadContract({**CLS, 'hidden_channels': (6,)}, id='cls-hidden'),
    HeadContract(
        {**CLS, 'num_classes': 12, 'decisions': True}, id='cls-decisions'
    ),
]
