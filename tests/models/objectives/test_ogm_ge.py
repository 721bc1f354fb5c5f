"""Coefficients of the gradient modulation."""

import math

import pytest
import torch

from tests.models.objectives.test_unimodal_heads import (
    HEAD,
    fused,
    streams,
)
from trimodal.models import OGMGE
from trimodal.models.objectives.ogm_ge import modulation
from trimodal.testing import label_samples

CONV = {'out_channels': 2, 'kernel_size': 1}


def build(**changes) -> OGMGE:
    settings = {'modalities': ('a', 'b'), 'in_channels': {'a': 6, 'b': 4}}
    torch.manual_seed(1)
    return OGMGE(**{**settings, 'head': HEAD, **changes})


def test_two_modalities_by_hand():
    """The paper: rho = 8 / 4, k = 1 - tanh(0.5 * 2), and 1 for the other."""
    got = modulation(torch.tensor([8.0, 4.0]), torch.tensor([10.0, 10.0]), 0.5)
    assert got.tolist() == pytest.approx([1 - math.tanh(1), 1])


def test_three_modalities_some_missing_by_hand():
    """Means 0.9, 0.3, 0.5: the first is 0.9 / 0.4 ahead; 0.5 < 0.6 is not."""
    scores, counts = torch.tensor([9.0, 1.5, 4.0]), torch.tensor([10.0, 5, 8])
    got = modulation(scores, counts, 0.2)
    assert got.tolist() == pytest.approx([1 - math.tanh(0.2 * 2.25), 1, 1])
    # Without the first: 0.5 / 0.3.
    got = modulation(scores * torch.tensor([0, 1, 1]), counts * 1.0, 0.2)
    alone = modulation(
        torch.tensor([0, 1.5, 4.0]), torch.tensor([0.0, 5, 8]), 0.2
    )
    assert alone.tolist() == pytest.approx([1, 1, 1 - math.tanh(0.2 / 0.6)])
    assert got[0] == 1


@pytest.mark.parametrize('counts', [[0, 0], [3, 0], [3, 3]])
def test_nothing_to_compare_with(counts):
    scores = torch.tensor([1.0, 0.0])
    got = modulation(scores, torch.tensor(counts).float(), 0.5)
    assert got.tolist() == [1, 1]


def test_scores_add_up_until_they_are_taken():
    part = build()
    with torch.no_grad():
        part.heads['a'].layers[-1].bias[0] = 3.0
    for _ in range(2):
        losses = part.loss(streams(), fused(), label_samples(4))
    assert part.seen[1].tolist() == [4, 6]
    means = torch.stack([losses['score_a'], losses['score_b']])
    want = modulation(means, torch.ones(2), part.alpha)
    torch.testing.assert_close(part.take_coefficients(), want)
    assert not part.seen.any()


def test_evaluation_counts_nothing_and_nothing_is_saved():
    part = build().eval()
    part.loss(streams(), fused(), label_samples(4))
    assert not part.seen.any()
    assert 'seen' not in part.state_dict()


def test_bad_arguments():
    with pytest.raises(ValueError, match='alpha must be larger than 0'):
        build(alpha=0.0)
    with pytest.raises(ValueError, match='must be a classification head'):
        build(head={'type': 'torch.nn.Conv1d', **CONV})
