"""Learned queries."""

import pytest
import torch

from trimodal.models.layers.learned_queries import LearnedQueries


def test_anchors_begin_as_a_grid():
    start = LearnedQueries(4, 8)(torch.tensor([True, False]))
    torch.testing.assert_close(
        start.boxes[0],
        torch.tensor(
            [
                [0.25, 0.25, 0.2, 0.2],
                [0.25, 0.75, 0.2, 0.2],
                [0.75, 0.25, 0.2, 0.2],
                [0.75, 0.75, 0.2, 0.2],
            ]
        ),
    )
    assert start.x.shape == (2, 4, 8)
    assert start.mask.tolist() == [[True] * 4, [False] * 4]


def test_any_number_of_queries():
    assert LearnedQueries(7, 8).anchors.shape == (7, 4)
    with pytest.raises(ValueError, match='num_queries'):
        LearnedQueries(0, 8)
