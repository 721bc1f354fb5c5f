"""Gradients of single tasks."""

import pytest
import torch
from torch import nn

from trimodal.models.objectives.task_gradients import (
    gradients_of,
    starts_anew,
    write_flat,
)


def test_gradients_are_taken_and_nothing_else_happens():
    x, y = (nn.Parameter(torch.tensor([[1.0, 2.0]])) for _ in range(2))
    total = (x**2).sum()
    for _ in range(2):
        first, second = gradients_of(total, [x, y])
    assert first.tolist() == [[2, 4]]
    assert second is None
    assert x.grad is None
    assert starts_anew([x, y])
    total.backward()
    assert not starts_anew([x, y])
    assert gradients_of(torch.zeros(()), [x, y]) == [None, None]


def test_one_row():
    parameters = [nn.Parameter(torch.zeros(2, 2)), nn.Parameter(torch.ones(3))]
    row = torch.zeros(7)
    write_flat(row, parameters, [torch.tensor([[1.0, 2], [3, 4]]), None])
    assert row.tolist() == [1, 2, 3, 4, 0, 0, 0]
    transposed = torch.tensor([[1.0, 2], [3, 4]]).T
    write_flat(row, parameters, [transposed, torch.ones(3).bfloat16()])
    assert row.tolist() == [1, 3, 2, 4, 1, 1, 1]
    write_flat(row, parameters, [None, None])


def test_float16_is_refused():
    x = nn.Parameter(torch.ones(2))
    total = x.sum()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        gradients_of(total, [x])
    with (
        torch.autocast('cpu', dtype=torch.float16),
        pytest.raises(ValueError, match='use bfloat16'),
    ):
        gradients_of(total, [x])
