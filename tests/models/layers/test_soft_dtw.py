"""Soft-DTW against the plain recursion of the paper."""

import math

import pytest
import torch

from trimodal.models.layers.soft_dtw import (
    compact,
    soft_dtw,
    soft_dtw_alignment,
)

ROWS, COLUMNS = torch.tensor([5, 1, 3, 0]), torch.tensor([2, 7, 4, 3])


def costs(dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(4, 5, 7, generator=generator, dtype=dtype)


def plain(cost: torch.Tensor, gamma: float) -> torch.Tensor:
    """Equation 1 of the paper, cell by cell."""
    rows, columns = cost.shape
    cells = {(-1, -1): cost.new_zeros(())}
    for i in range(rows):
        for j in range(columns):
            before = [
                cells[key]
                for key in ((i - 1, j), (i, j - 1), (i - 1, j - 1))
                if key in cells
            ]
            soft = torch.logsumexp(-torch.stack(before) / gamma, 0)
            cells[i, j] = cost[i, j] - gamma * soft
    return cells[rows - 1, columns - 1]


@pytest.mark.parametrize('gamma', [0.01, 0.1, 1.0, 10.0])
def test_value_and_gradient_are_those_of_the_plain_recursion(gamma):
    cost = costs().requires_grad_()
    value, likely = soft_dtw_alignment(cost, ROWS, COLUMNS, gamma)
    torch.testing.assert_close(value, soft_dtw(cost, ROWS, COLUMNS, gamma))
    (grad,) = torch.autograd.grad(value.sum(), cost, retain_graph=True)
    for index in range(3):
        rows, columns = int(ROWS[index]), int(COLUMNS[index])
        real = costs()[index, :rows, :columns].requires_grad_()
        want = plain(real, gamma)
        torch.testing.assert_close(value[index], want)
        (slope,) = torch.autograd.grad(want, real)
        for got in (grad[index], likely[index]):
            torch.testing.assert_close(got[:rows, :columns], slope)
            assert got.count_nonzero() <= rows * columns
    for empty in (value[3], grad[3], likely[3]):
        assert not empty.any()


def test_by_hand():
    """A square of two steps: three paths, their costs known."""
    cost = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]], dtype=torch.float64)
    two = torch.tensor([2])
    value, likely = soft_dtw_alignment(cost, two, two, 1.0)
    # Straight 1 + 4, over the right 1 + 2 + 4, over the left 1 + 3 + 4.
    weights = [math.exp(-5), math.exp(-7), math.exp(-8)]
    assert value.item() == pytest.approx(-math.log(sum(weights)))
    assert likely[0, 0, 1].item() == pytest.approx(weights[1] / sum(weights))
    assert likely[0, 1, 0].item() == pytest.approx(weights[2] / sum(weights))
    assert likely[0, 0, 0].item() == pytest.approx(1)


def test_gradcheck():
    def value(cost):
        return soft_dtw(cost, ROWS, COLUMNS, 0.5)

    def alignment(cost):
        return soft_dtw_alignment(cost, ROWS, COLUMNS, 0.5)

    cost = costs().requires_grad_()
    assert torch.autograd.gradcheck(value, cost)
    assert torch.autograd.gradcheck(alignment, cost)


def test_small_gamma_is_hard_dtw():
    """The least sum over all paths, by the recursion with a hard minimum."""
    cost = costs()[0]
    best = torch.full((6, 8), float('inf'), dtype=cost.dtype)
    best[0, 0] = 0
    for i in range(5):
        for j in range(7):
            before = min(best[i, j], best[i, j + 1], best[i + 1, j])
            best[i + 1, j + 1] = cost[i, j] + before
    five, seven = torch.tensor([5]), torch.tensor([7])
    value, likely = soft_dtw_alignment(cost[None], five, seven, 1e-4)
    torch.testing.assert_close(value[0], best[5, 7], atol=1e-3, rtol=0)
    on_path = likely[0] > 0.5
    torch.testing.assert_close(cost[on_path].sum(), best[5, 7])


def test_long_sequences_in_single_precision():
    generator = torch.Generator().manual_seed(1)
    cost = torch.rand(1, 300, 250, generator=generator)
    rows, columns = torch.tensor([300]), torch.tensor([250])
    value, likely = soft_dtw_alignment(cost, rows, columns, 0.1)
    exact, want = soft_dtw_alignment(cost.double(), rows, columns, 0.1)
    torch.testing.assert_close(value.double(), exact, rtol=1e-5, atol=0)
    torch.testing.assert_close(likely.double(), want, rtol=0, atol=5e-3)
    assert (likely.sum(1) > 0.99).all()


def test_compact():
    x = torch.tensor(
        [[[1.0], [2.0], [3.0], [4.0]], [[5.0], [6.0], [7.0], [8]]]
    )
    mask = torch.tensor(
        [[False, True, False, True], [True, True, True, False]]
    )
    moved, counts = compact(x, mask)
    assert counts.tolist() == [2, 3]
    assert moved[0, :2, 0].tolist() == [2.0, 4.0]
    assert moved[1, :3, 0].tolist() == [5.0, 6.0, 7.0]
