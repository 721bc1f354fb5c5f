"""Noisy queries, and who sees whom."""

import pytest
import torch

from trimodal.models import BoxDenoising
from trimodal.models.layers.box_denoising import who_sees_whom
from trimodal.models.layers.box_targets import BoxTargets
from trimodal.models.layers.boxes import corners


def targets(*counts: int) -> BoxTargets:
    most = max(counts)
    mask = torch.arange(most) < torch.tensor(counts).unsqueeze(1)
    labels = torch.randint(3, mask.shape) * mask
    boxes = (torch.rand(*mask.shape, 4) * 0.3 + 0.3) * mask.unsqueeze(2)
    annotated = torch.ones(len(counts), dtype=torch.bool)
    return BoxTargets(labels, boxes, mask, annotated, counts)


def test_groups_of_every_box_with_and_without_an_answer():
    noisy = BoxDenoising(8, 3, max_queries=13)(targets(3, 1))
    # Two groups of 2 x 3 queries.
    assert noisy.groups.tolist() == [0] * 6 + [1] * 6
    assert noisy.num_groups == 2
    assert noisy.queries.x.shape == (2, 12, 8)
    real = [[True] * 12, [True, False, False] * 4]
    assert noisy.queries.mask.tolist() == real
    pairs = sorted(
        zip(
            noisy.row.tolist(),
            noisy.query.tolist(),
            noisy.box.tolist(),
            strict=True,
        )
    )
    first = [(0, 0, 0), (0, 1, 1), (0, 2, 2), (0, 6, 0), (0, 7, 1), (0, 8, 2)]
    assert pairs == [*first, (1, 0, 0), (1, 6, 0)]


def test_pairs_are_the_same_in_every_layer():
    noisy = BoxDenoising(8, 3, max_queries=6)(targets(3, 1))
    matches = noisy.matches(2)
    assert matches.layer.tolist() == [0] * 4 + [1] * 4
    for part in (matches.row, matches.query, matches.box):
        assert part[:4].tolist() == part[4:].tolist()


def test_there_is_one_group_at_least():
    noisy = BoxDenoising(8, 3, max_queries=2, contrast=False)(targets(5))
    assert noisy.queries.x.shape == (1, 5, 8)


@pytest.mark.parametrize('noise', [0.0, 0.4])
def test_edges_move_as_far_as_they_may(noise):
    layer = BoxDenoising(8, 3, max_queries=4000, box_noise=noise)
    given = targets(2)
    noisy = layer(given)
    moved = corners(noisy.queries.boxes.view(1, -1, 2, 2, 4))
    half = given.boxes[..., 2:].tile(2) / 2
    shift = (moved - corners(given.boxes)[:, None, None]).abs() / half
    near, far = shift[:, :, 0], shift[:, :, 1]
    assert near.max() <= noise + 1e-5
    assert far.min() >= noise - 1e-5
    assert far.max() <= 2 * noise + 1e-5


def test_labels_are_drawn_anew():
    layer = BoxDenoising(8, 3, max_queries=9000, label_noise=0.3)
    given = targets(3)
    same = layer(given).queries.x.view(-1, 3, 8) == layer.classes[given.labels]
    share = same.all(2).float().mean()
    # A third of those drawn is the same as before.
    assert share == pytest.approx(1 - 0.3 * 2 / 3, abs=0.03)
    exact = BoxDenoising(8, 3, label_noise=0.0)
    x = exact(given).queries.x.view(-1, 3, 8)
    assert torch.equal(x[0], exact.classes[given.labels][0])


def test_no_boxes_no_queries():
    noisy = BoxDenoising(8, 3)(targets(0, 0))
    assert noisy.queries.x.shape == (2, 0, 8)
    assert noisy.queries.x.requires_grad
    assert len(noisy.matches(2).row) == len(noisy.groups) == 0


def test_who_sees_whom_by_hand():
    groups = torch.tensor([0, 0, 1, -1, -1])
    mask = torch.tensor([[True] * 5, [True, False, True, True, False]])
    opened = who_sees_whom(groups, mask)
    assert opened.shape == (2, 1, 5, 5)
    assert opened[0, 0].int().tolist() == [
        [1, 1, 0, 1, 1],
        [1, 1, 0, 1, 1],
        [0, 0, 1, 1, 1],
        [0, 0, 0, 1, 1],
        [0, 0, 0, 1, 1],
    ]
    # Queries that are not real are seen by none but themselves.
    assert opened[1, 0].int().tolist() == [
        [1, 0, 0, 1, 0],
        [1, 1, 0, 1, 0],
        [0, 0, 1, 1, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 1, 1],
    ]


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'max_queries': 0}, 'max_queries'),
        ({'box_noise': -1.0}, 'box_noise'),
        ({'label_noise': 2.0}, 'label_noise'),
    ],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        BoxDenoising(8, 3, **settings)
