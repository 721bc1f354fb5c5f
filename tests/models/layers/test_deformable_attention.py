"""Attention to points, against bilinear sampling by hand."""

import math

import pytest
import torch
from torch import Tensor

from trimodal.models.layers.deformable_attention import DeformableAttention
from trimodal.models.layers.grid_cells import GridCells, cells_of
from trimodal.structures import Tokens

GRIDS = ((4, 6), (2, 3))
SIZES = ((3, 4), (2, 2))


def picture(rows: int = 1) -> tuple[Tensor, GridCells]:
    """Cells of padded grids, of which the upper left part is real."""
    masks = []
    for grid, size in zip(GRIDS, SIZES, strict=True):
        real = torch.zeros(rows, *grid, dtype=torch.bool)
        real[:, : size[0], : size[1]] = True
        masks.append(real.flatten(1))
    mask = torch.cat(masks, dim=1)
    x = torch.randn(*mask.shape, 8) * mask.unsqueeze(2)
    return cells_of(Tokens(x, mask, mask.any(1), GRIDS), 2)


def bilinear(grid: Tensor, x: float, y: float) -> Tensor:
    """A value of ``[C, h, w]``; 0 is the left edge of the first cell."""
    total = torch.zeros(len(grid))
    for row in range(grid.shape[1]):
        for column in range(grid.shape[2]):
            near = max(0, 1 - abs(x - column - 0.5))
            near *= max(0, 1 - abs(y - row - 0.5))
            total += near * grid[:, row, column]
    return total


def by_hand(
    layer: DeformableAttention, query: Tensor, box: Tensor, cells: Tensor
) -> Tensor:
    """The answer for one query."""
    heads, levels, points = layer.shape
    steps = layer.offsets(query).view(heads, levels, points, 2)
    shares = layer.weights(query).view(heads, -1).softmax(1)
    shares = shares.view(heads, levels, points)
    values = layer.value(cells).split([24, 6])
    found = torch.zeros(heads, len(query) // heads)
    for head in range(heads):
        for level in range(levels):
            grid = values[level].T.view(heads, -1, *GRIDS[level])[head]
            real = grid[:, : SIZES[level][0], : SIZES[level][1]]
            for point in range(points):
                x = box[0] + steps[head, level, point, 0] * box[2] / 2
                y = box[1] + steps[head, level, point, 1] * box[3] / 2
                value = bilinear(
                    real, x * SIZES[level][1], y * SIZES[level][0]
                )
                found[head] += shares[head, level, point] * value
    return layer.out(found.flatten())


def test_by_hand():
    layer = DeformableAttention(8, 2, 2, num_points=3)
    layer.weights.weight.data.normal_()
    layer.offsets.weight.data.normal_()
    cells, where = picture()
    query = torch.randn(1, 5, 8)
    boxes = torch.rand(1, 5, 4)
    with torch.no_grad():
        got = layer(query, boxes, cells, where)
        for index in range(5):
            want = by_hand(layer, query[0, index], boxes[0, index], cells[0])
            torch.testing.assert_close(got[0, index], want)


def test_shares_of_the_grid_are_exact():
    """To the bit what whole numbers of cells give."""
    _, where = picture()
    for level, (height, width) in enumerate(GRIDS):
        rows, columns = SIZES[level]
        size = torch.tensor([columns, rows], dtype=torch.float32)
        whole = torch.tensor([width, height], dtype=torch.float32)
        factor = 2 * where.shares[0, level]
        assert torch.equal(factor, 2 * size / whole)


def test_points_start_around_the_box():
    layer = DeformableAttention(8, 4, 1, num_points=2)
    start = layer.offsets.bias.view(4, 2, 2)
    want = torch.tensor([[0.5, 0.0], [1.0, 0.0]])
    torch.testing.assert_close(start[0], want, atol=1e-6, rtol=0)
    assert start.abs().max().item() == pytest.approx(1)
    assert math.isclose(start[1, 1, 1].item(), 1, abs_tol=1e-6)


def test_gradients_reach_everything():
    layer = DeformableAttention(8, 2, 2)
    cells, where = picture(2)
    cells.requires_grad_()
    query = torch.randn(2, 3, 8, requires_grad=True)
    boxes = torch.rand(2, 3, 4)
    layer(query, boxes, cells, where).square().sum().backward()
    assert all(p.grad.any() for p in layer.parameters())
    assert cells.grad.any()
    assert query.grad.any()


def test_bad_arguments():
    with pytest.raises(ValueError, match='num_heads'):
        DeformableAttention(8, 3, 1)
    with pytest.raises(ValueError, match='num_points'):
        DeformableAttention(8, 2, 1, num_points=0)
