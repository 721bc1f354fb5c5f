"""Matching against an implementation that goes picture by picture."""

from itertools import permutations

import pytest
import torch

from benchmarks.matcher_references import match
from tests.models.losses.box_cases import make_truth, padded, random_boxes
from trimodal.models import HungarianMatcher

COUNTS = (3, 0, 5, 1)


def pairs(matches, layer: int, row: int) -> set[tuple[int, int]]:
    here = (matches.layer == layer) & (matches.row == row)
    found = zip(
        matches.query[here].tolist(), matches.box[here].tolist(), strict=True
    )
    return set(found)


@pytest.mark.parametrize('more', [0, 3])
@pytest.mark.parametrize('kind', ['probability', 'focal'])
def test_equals_the_plain_matcher(kind, more):
    softmax = kind == 'probability'
    logits = torch.randn(2, 4, 7, 3 + softmax)
    boxes, truth = random_boxes(2, 4, 7), make_truth(COUNTS)
    scores = logits.softmax(-1)[..., :3] if softmax else logits.sigmoid()
    matches = HungarianMatcher(class_cost=kind)(
        scores, boxes, padded(truth, more)
    )
    assert len(matches.layer) == 2 * sum(COUNTS)
    for layer in range(2):
        for row, (labels, true) in enumerate(truth):
            query, box = match(
                logits[layer, row], boxes[layer, row], labels, true, softmax
            )
            want = set(zip(query.tolist(), box.tolist(), strict=True))
            assert pairs(matches, layer, row) == want


def test_no_other_assignment_costs_less():
    truth = make_truth((3,))
    scores, boxes = torch.rand(1, 1, 4, 3), random_boxes(1, 1, 4)
    matcher, targets = HungarianMatcher(), padded(truth)
    cost = matcher.cost(scores[0], boxes[0], targets)[0]
    matches = matcher(scores, boxes, targets)
    mine = cost[matches.box, matches.query].sum()
    least = min(
        sum(cost[box, query] for box, query in enumerate(order))
        for order in permutations(range(4), 3)
    )
    torch.testing.assert_close(mine, least)


def test_few_boxes_and_few_classes_cost_the_same():
    """The focal cost is computed of boxes or of classes, whichever is less."""
    scores, boxes = torch.rand(1, 6, 3), random_boxes(1, 6)
    truth = make_truth((5,))
    whole = HungarianMatcher().cost(scores, boxes, padded(truth))
    few = [(truth[0][0][:2], truth[0][1][:2])]
    part = HungarianMatcher().cost(scores, boxes, padded(few))
    torch.testing.assert_close(part, whole[:, :2])


def test_queries_that_are_not_real_are_not_matched():
    truth = make_truth((3,))
    real = torch.tensor([[True, False, True, False, False]])
    matches = HungarianMatcher()(
        torch.rand(1, 1, 5, 3), random_boxes(1, 1, 5), padded(truth), real
    )
    # Two queries for three boxes: one box has none.
    assert sorted(matches.query.tolist()) == [0, 2]


def test_what_is_not_finite_is_not_matched():
    scores, boxes = torch.rand(1, 1, 5, 3), random_boxes(1, 1, 5)
    boxes[0, 0, 1] = torch.nan
    matches = HungarianMatcher()(scores, boxes, padded(make_truth((5,))))
    assert 1 not in matches.query.tolist()
    assert len(matches.query) == 4


def test_no_boxes():
    truth = make_truth((0, 0))
    matches = HungarianMatcher()(
        torch.rand(2, 2, 5, 3), random_boxes(2, 2, 5), padded(truth)
    )
    assert len(matches.layer) == 0


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'l1_weight': -1.0}, 'l1_weight'),
        (
            {'class_weight': 0.0, 'l1_weight': 0.0, 'giou_weight': 0.0},
            'larger than 0',
        ),
        ({'class_cost': 'softmax'}, 'class_cost'),
        ({'alpha': 2.0}, 'alpha'),
    ],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        HungarianMatcher(**settings)


def test_all_costs_go_to_the_cpu_together(monkeypatch):
    moved, cpu = [], torch.Tensor.cpu
    monkeypatch.setattr(
        torch.Tensor, 'cpu', lambda x: moved.append(x.shape) or cpu(x)
    )
    scores = torch.rand(3, 4, 7, 3)
    targets = padded(make_truth(COUNTS))
    HungarianMatcher()(scores, random_boxes(3, 4, 7), targets)
    assert moved == [(3, 4, 5, 7)]
