"""Contracts of the regression head."""

from trimodal.structures import TriModalDataSample
from trimodal.testing import HeadContract

REG = {'type': 'RegHead', 'in_channels': 12, 'mean': 5.0, 'std': 4.0}
LIMITED = {
    **REG,
    'num_outputs': 2,
    'hidden_channels': (6,),
    'mean': (5.0, -1.0),
    'low': 0.0,
    'high': (9.0, 2.0),
    'loss': {'type': 'HuberLoss', 'delta': 0.5},
}


def number_samples(size: int) -> list[TriModalDataSample]:
    """As many with a number each; the last has none."""
    samples = [TriModalDataSample() for _ in range(size)]
    for row, sample in enumerate(samples[:-1]):
        sample.set_gt_value(1.5 * row)
    return samples


def pair_samples(size: int) -> list[TriModalDataSample]:
    """Two numbers each, every third time the second is unknown."""
    samples = number_samples(size)
    for row, sample in enumerate(samples[:-1]):
        sample.set_gt_value([row, -row if row % 3 else float('nan')])
    return samples


CONTRACTS = [
    HeadContract(REG, id='reg', annotate=number_samples),
    HeadContract(LIMITED, id='reg-limited', annotate=pair_samples),
]
