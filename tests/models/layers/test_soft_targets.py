"""Targets of classification in one form."""

import torch

from trimodal.models.layers.soft_targets import class_shares


def test_classes_become_shares():
    shares = class_shares(torch.tensor([2, 0]), 3)
    assert shares.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert shares.dtype == torch.float32


def test_shares_stay():
    given = torch.tensor([[0.5, 0.5]], dtype=torch.float64)
    assert torch.equal(class_shares(given, 2), given.float())
