"""Rotary positions."""

import math

import torch

from trimodal.models.layers.rotary import rotate


def test_by_hand():
    """Two pairs: rates 1 and 1 / 100."""
    x = torch.tensor([[1.0, 0.0, 0.0, 1.0]]).expand(4, 4)
    want = [
        [
            math.cos(t),
            -math.sin(t / 100),
            math.sin(t),
            math.cos(t / 100),
        ]
        for t in range(4)
    ]
    torch.testing.assert_close(rotate(x), torch.tensor(want))


def test_by_complex_numbers():
    x = torch.randn(2, 3, 50, 16)
    rates = 10000 ** (-torch.arange(8) / 8)
    turn = torch.polar(torch.ones(()), torch.arange(50)[:, None] * rates)
    want = torch.complex(*x.chunk(2, dim=-1)) * turn
    got = torch.complex(*rotate(x).chunk(2, dim=-1))
    torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-5)


def test_products_depend_on_distance_alone():
    query, key = torch.randn(16), torch.randn(16)
    scores = rotate(query.expand(40, 16)) @ rotate(key.expand(40, 16)).T
    for offset in range(-39, 40):
        diagonal = scores.diagonal(offset)
        torch.testing.assert_close(
            diagonal, diagonal[:1].expand_as(diagonal), atol=1e-4, rtol=1e-4
        )
    assert scores[0].std() > 0.1


def test_lengths_stay():
    x = torch.randn(1, 30, 8, dtype=torch.float64)
    torch.testing.assert_close(
        rotate(x).norm(dim=-1), x.norm(dim=-1), atol=1e-6, rtol=1e-6
    )
    assert rotate(x.bfloat16()).dtype == torch.bfloat16
