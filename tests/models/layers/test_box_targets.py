"""Pairs of queries and true boxes."""

import torch

from trimodal.models.layers.box_targets import BoxTargets, Matches


def nothing(crowds: torch.Tensor | None = None) -> BoxTargets:
    """Three samples without boxes, the last without an annotation."""
    none = torch.zeros(3, 0, dtype=torch.int64)
    annotated = torch.tensor([True, True, False])
    return BoxTargets(
        none, torch.zeros(3, 0, 4), none > 0, annotated, (0, 0, 0), crowds
    )


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


def test_who_is_asked():
    real = torch.tensor([[True, True, False]]).expand(3, 3)
    boxes = torch.rand(2, 3, 3, 4)
    want = [[True, True, False]] * 2 + [[False] * 3]
    assert nothing().asked(boxes, real).tolist() == want


def test_who_lies_in_a_crowd_is_not_asked():
    # The left half of the first picture; padding in the second.
    crowds = torch.tensor([[[0.25, 0.5, 0.5, 1.0]], [[0.0] * 4], [[0.0] * 4]])
    # Of its width 49 %, 50 % and all lie in the left half.
    centres = torch.tensor([0.5025, 0.5, 0.125])
    boxes = torch.tensor([0.0, 0.5, 0.25, 0.25]).repeat(3, 3, 1)
    boxes[..., 0] = centres
    real = torch.ones(3, 3, dtype=torch.bool)
    got = nothing(crowds).asked(boxes, real)
    want = [[True, False, False], [True] * 3, [False] * 3]
    assert got.tolist() == want
    # Each layer's boxes for themselves.
    layers = torch.stack([boxes, boxes.flip(1)])
    got = nothing(crowds).asked(layers, real)
    assert got[:, 0].tolist() == [want[0], want[0][::-1]]
