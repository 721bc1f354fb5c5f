"""The dense branch."""

import pytest
import torch

from tests.models.layers.test_deformable_attention import picture
from trimodal.models import DenseBoxes
from trimodal.models.layers.dense_boxes import Dense, prior_bias
from trimodal.models.layers.grid_cells import cells_of
from trimodal.structures import Tokens


def test_a_box_begins_around_its_cell():
    branch = DenseBoxes(8, 3, num_convs=0, box_scale=2.0)
    branch.refine.weight.data.zero_()
    cells, where = picture()
    dense = branch(cells, where)
    torch.testing.assert_close(dense.boxes[..., :2], where.boxes[..., :2])
    torch.testing.assert_close(dense.boxes[..., 2:], 2 * where.boxes[..., 2:])


def test_scores_begin_small():
    layer = torch.nn.Linear(4, 3)
    prior_bias(layer)
    assert layer.bias.sigmoid().tolist() == pytest.approx([0.01] * 3)


def test_every_convolution_sees_zeros_around_the_real_part():
    branch = DenseBoxes(8, 3, num_convs=2)
    cells, where = picture()
    dense = branch(cells, where)
    # The same picture without padding.
    parts = []
    for grid, size in zip(where.split(cells), ((3, 4), (2, 2)), strict=True):
        parts.append(grid[..., : size[0], : size[1]].flatten(2).mT)
    x = torch.cat(parts, dim=1)
    mask = torch.ones(x.shape[:2], dtype=torch.bool)
    tokens = Tokens(x, mask, mask.any(1), ((3, 4), (2, 2)))
    alone = branch(*cells_of(tokens, 2))
    for name in ('x', 'logits', 'boxes'):
        torch.testing.assert_close(
            getattr(dense, name)[where.mask], getattr(alone, name)[0]
        )


def line(scores: list[float], places: list[float], real: int):
    """Cells in a row, the first ``real`` of them real, and their answers."""
    count = len(scores)
    mask = (torch.arange(count) < real).unsqueeze(0)
    tokens = Tokens(torch.zeros(1, count, 8), mask, mask.any(1), ((1, count),))
    boxes = torch.full((1, count, 4), 0.2)
    boxes[0, :, 0] = torch.tensor(places)
    logits = torch.tensor(scores).logit().view(1, count, 1)
    dense = Dense(torch.zeros(1, count, 8), logits, boxes)
    return dense, cells_of(tokens, 1)[1]


def test_the_best_are_distinct_and_real():
    dense, where = line(
        [0.5, 0.9, 0.8, 0.3, 0.99], [0.1, 0.5, 0.51, 0.9, 0.9], 4
    )
    branch = DenseBoxes(8, 1)
    # The third says what the second says; the fifth is padding.
    assert branch.best(dense, where, 3).tolist() == [[1, 0, 3]]
    assert branch.best(dense, where, 9).tolist() == [[1, 0, 3, 2, 4]]
    everything = DenseBoxes(8, 1, distinct_iou=1.0)
    assert everything.best(dense, where, 2).tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'num_convs': -1}, 'num_convs'),
        ({'box_scale': 0.0}, 'box_scale'),
        ({'distinct_iou': 1.5}, 'distinct_iou'),
    ],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        DenseBoxes(8, 3, **settings)
