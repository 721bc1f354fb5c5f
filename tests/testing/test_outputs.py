"""What the suite sees of an output."""

from dataclasses import replace

import pytest
import torch

from trimodal.structures import Fused, Tokens
from trimodal.testing.outputs import assert_masked_zero, floats, real_parts


def test_real_parts_leave_padding_out():
    mask = torch.tensor([[True, False]])
    tokens = Tokens(torch.ones(1, 2, 3), mask, torch.tensor([True]))
    assert real_parts({'a': tokens}, 0)[0].shape == (1, 3)
    with pytest.raises(AssertionError, match='masked steps'):
        assert_masked_zero(tokens)
    assert_masked_zero(tokens.with_x(tokens.x))


def test_grids_have_their_cells():
    mask = torch.ones(1, 3, dtype=torch.bool)
    tokens = Tokens(torch.ones(1, 3, 3), mask, torch.tensor([True]))
    assert_masked_zero(replace(tokens, grids=((1, 2), (1, 1))))
    with pytest.raises(AssertionError, match='more cells'):
        assert_masked_zero(replace(tokens, grids=((1, 2), (1, 2))))


def test_floats_of_fused():
    mask = torch.ones(1, 2, dtype=torch.bool)
    fused = Fused(
        torch.ones(1, 2, 3), mask, torch.zeros(1, 3), torch.ones(1, 1)
    )
    assert [part.shape for part in floats(fused)] == [(1, 2, 3), (1, 3)]
