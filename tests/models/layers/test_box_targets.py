"""Pairs of queries and true boxes."""

import torch

from trimodal.models.layers.box_targets import BoxTargets, Matches


def test_pairs_pick_what_belongs_together():
    matches = Matches(
        torch.tensor([0, 1]),
        torch.tensor([1, 0]),
        torch.tensor([2, 1]),
        torch.tensor([0, 1]),
    )
    predicted = torch.arange(2 * 2 * 3).view(2, 2, 3)
    labels = torch.tensor([[5, 6], [7, 8]])
    targets = BoxTargets(
        labels,
        torch.rand(2, 2, 4),
        labels > 0,
        torch.ones(2, dtype=torch.bool),
        (2, 2),
    )
    assert matches.of(predicted).tolist() == [5, 7]
    assert matches.true(targets.labels).tolist() == [7, 6]
