"""Streams with grids: each grid is padded by itself."""

import torch

from trimodal.testing.grids import grid_stream, stack_grids


def test_steps_of_a_stream():
    stream = grid_stream(2, 3, 4)
    assert stream.grids == ((4, 6), (2, 3))
    assert stream.x.shape == (1, 1 + 24 + 6, 4)
    assert stream.mask.all()


def test_each_grid_is_padded_by_itself():
    small, large = grid_stream(1, 2, 4), grid_stream(2, 1, 4)
    batch = stack_grids([small, large])
    assert batch.grids == ((4, 4), (2, 2))
    assert batch.mask.sum(1).tolist() == [1 + 8 + 2, 1 + 8 + 2]
    coarse = batch.x[0, -4:].view(2, 2, 4)
    assert torch.equal(coarse[0], small.x[0, -2:])
    assert not coarse[1].any()
    fine = batch.x[1, 1:17].view(4, 4, 4)
    assert torch.equal(fine[:, :2], large.x[0, 1:9].view(4, 2, 4))
    assert torch.equal(
        batch.x[:, 0],
        torch.cat([small.x, large.x[:, :8]], 1)[0, [0, small.x.shape[1]]],
    )


def test_spare_cells_are_the_same_part_of_the_picture():
    batch = stack_grids([grid_stream(2, 3, 4)], spare=2)
    assert batch.grids == ((8, 10), (4, 5))
    assert batch.mask.sum() == 1 + 24 + 6
    assert not batch.x[~batch.mask].any()
