"""Cells as a detector takes them."""

import pytest
import torch

from tests.models.layers.test_grid_cells import stream
from trimodal.models.layers.boxes import box_encoding
from trimodal.models.layers.cell_projection import CellProjection


def test_places_count_for_nothing_at_first():
    layer = CellProjection(1, 8, 2)
    x, where = layer(stream())
    want = layer.norm(layer.linear(stream().x[:, 1:]))
    torch.testing.assert_close(x[where.mask], want[where.mask])
    assert not x[~where.mask].any()


def test_places_are_added():
    layer = CellProjection(1, 8, 2)
    before, where = layer(stream())
    layer.places.data.fill_(2.0)
    after, _ = layer(stream())
    want = 2 * box_encoding(where.boxes[..., :2], 4)
    want = want * where.mask.unsqueeze(2)
    torch.testing.assert_close(after - before, want)


def test_a_context_matters():
    layer = CellProjection(1, 8, 2, context_channels=3)
    a, _ = layer(stream(), torch.randn(2, 3))
    b, where = layer(stream(), torch.randn(2, 3))
    assert (a != b)[where.mask].any(1).all()
    assert not b[~where.mask].any()


def test_bad_arguments():
    with pytest.raises(ValueError, match='multiple of 4'):
        CellProjection(1, 6, 2)
    with pytest.raises(ValueError, match='num_levels'):
        CellProjection(1, 8, 0)
