"""Where the cells of padded grids are."""

import pytest
import torch

from trimodal.models.layers.grid_cells import cells_of
from trimodal.structures import Tokens


def stream() -> Tokens:
    """A class token, a grid of 2 x 4, one of 1 x 2; half of it is padding."""
    mask = torch.ones(2, 11, dtype=torch.bool)
    # The second picture is 2 x 2 cells, and 1 x 1.
    for step in (3, 4, 7, 8, 10):
        mask[1, step] = False
    x = torch.arange(22.0).view(2, 11, 1) * mask.unsqueeze(2)
    return Tokens(x, mask, mask.any(1), ((2, 4), (1, 2)))


def test_steps_before_the_cells_are_left_out():
    tokens = stream()
    x, where = cells_of(tokens, 2)
    assert torch.equal(x, tokens.x[:, 1:])
    assert torch.equal(where.mask, tokens.mask[:, 1:])


def test_places_are_relative_to_the_real_part():
    _, where = cells_of(stream(), 2)
    assert where.shares.tolist() == [[[1, 1], [1, 1]], [[0.5, 1], [0.5, 1]]]
    assert where.boxes[0, 0].tolist() == [0.125, 0.25, 0.25, 0.5]
    assert where.boxes[1, 0].tolist() == [0.25, 0.25, 0.5, 0.5]
    # The second cell of the second row.
    assert where.boxes[0, 5].tolist() == [0.375, 0.75, 0.25, 0.5]
    assert where.boxes[0, 9].tolist() == [0.75, 0.5, 0.5, 1.0]
    assert where.boxes[1, 8].tolist() == [0.5, 0.5, 1.0, 1.0]


def test_split_gives_the_grids():
    x, where = cells_of(stream(), 2)
    fine, coarse = where.split(x)
    assert fine.shape == (2, 1, 2, 4)
    assert coarse.shape == (2, 1, 1, 2)
    assert fine[0, 0].tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_an_absent_picture_has_no_cells():
    absent = Tokens(
        torch.zeros(1, 2, 1),
        torch.zeros(1, 2, dtype=torch.bool),
        torch.zeros(1, dtype=torch.bool),
        ((1, 1), (1, 1)),
    )
    _, where = cells_of(absent, 2)
    assert not where.mask.any()
    assert where.boxes.isfinite().all()


def test_another_number_of_grids():
    with pytest.raises(ValueError, match='num_levels=3 grids of cells, got 2'):
        cells_of(stream(), 3)
