"""Positions in sequences and grids."""

import math

import pytest
import torch
import torch.nn.functional as F

from trimodal.models.layers import (
    GridPositions,
    SequencePositions,
    sinusoidal,
)


def test_sinusoidal_by_the_formula():
    got = sinusoidal(torch.arange(7), 6)
    for p in range(7):
        for i in range(3):
            angle = p / 10000 ** (2 * i / 6)
            assert got[p, 2 * i].item() == pytest.approx(
                math.sin(angle), abs=1e-6
            )
            assert got[p, 2 * i + 1].item() == pytest.approx(
                math.cos(angle), abs=1e-6
            )


def test_sequence_sinusoidal_is_added():
    x = torch.randn(2, 5, 4)
    got = SequencePositions('sinusoidal', 4)(x)
    torch.testing.assert_close(got - x, sinusoidal(torch.arange(5), 4) + 0 * x)


def test_learned_positions_behind_the_last_share_it():
    positions = SequencePositions('learned', 4, max_length=3)
    got = positions(torch.zeros(1, 5, 4))[0]
    assert torch.equal(got[:3], positions.table)
    assert torch.equal(got[3], positions.table[2])
    assert torch.equal(got[4], positions.table[2])


def test_learned_grid_at_its_own_size():
    positions = GridPositions('learned', 4, (2, 3))
    got = positions(torch.zeros(1, 2, 3, 4), torch.tensor([[2, 3]]))
    assert torch.equal(got, positions.table.permute(0, 2, 3, 1))


def test_learned_grid_is_stretched_like_interpolate():
    positions = GridPositions('learned', 4, (4, 4))
    got = positions(torch.zeros(1, 7, 3, 4), torch.tensor([[7, 3]]))
    want = F.interpolate(
        positions.table, (7, 3), mode='bicubic', align_corners=False
    )
    torch.testing.assert_close(got, want.permute(0, 2, 3, 1))


def test_learned_grid_spans_each_samples_own_part():
    positions = GridPositions('learned', 4, (4, 4))
    sizes = torch.tensor([[2, 3], [5, 6], [0, 0]])
    got = positions(torch.zeros(3, 5, 6, 4), sizes)
    small = positions(torch.zeros(1, 2, 3, 4), sizes[:1])
    torch.testing.assert_close(got[:1, :2, :3], small)
    assert got.isfinite().all()


def test_sinusoidal_grid_by_the_formula():
    positions = GridPositions('sinusoidal', 8, (1, 1))
    got = positions(torch.zeros(1, 3, 4, 8), torch.tensor([[3, 4]]))
    rows, columns = (
        sinusoidal(torch.arange(3), 4),
        sinusoidal(torch.arange(4), 4),
    )
    for row in range(3):
        for column in range(4):
            want = torch.cat([rows[row], columns[column]])
            torch.testing.assert_close(got[0, row, column], want)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"positions .*'rotary'"):
        SequencePositions('rotary', 4)
    with pytest.raises(ValueError, match=r'embed_dims .* 2 .*got 5'):
        SequencePositions('learned', 5)
    with pytest.raises(ValueError, match='max_length'):
        SequencePositions('learned', 4, max_length=0)
    with pytest.raises(ValueError, match=r"positions .*'rotary'"):
        GridPositions('rotary', 4, (1, 1))
    with pytest.raises(ValueError, match=r'embed_dims .* 4 .*got 6'):
        GridPositions('learned', 6, (1, 1))
