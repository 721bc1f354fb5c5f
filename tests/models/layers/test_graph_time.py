"""Blocks over joints and time, by plain torch layers."""

import pytest
import torch

from trimodal.models.layers import (
    GraphConv,
    GraphTimeBlock,
    Skeleton,
    TemporalConv,
)

PATH = Skeleton((0, 0, 1)).adjacency(1)
FULL = torch.ones(2, 7, dtype=torch.bool)


def by_frame(x: torch.Tensor) -> torch.Tensor:
    """``[B, T, V, C]`` to ``[M, V, C]``, all steps real."""
    return x.flatten(0, 1)


def block(width: int, stride: int, **changes) -> GraphTimeBlock:
    settings = {'residual': True, 'graph_residual': True, **changes}
    return GraphTimeBlock(
        GraphConv(4, width, PATH),
        TemporalConv(width, width, stride, 'layer', kernel_size=3),
        4,
        width,
        stride,
        'layer',
        dropout=0.0,
        **settings,
    )


@pytest.mark.parametrize(('width', 'stride'), [(4, 1), (6, 1), (4, 2)])
def test_block_without_its_branches_is_the_way_around(width, stride):
    layer = block(width, stride)
    layer.temporal.norm.norm.weight.data.zero_()
    x = torch.randn(2, 7, 3, 4)
    got, mask = layer(by_frame(x), FULL)
    assert mask.shape == (2, -(-7 // stride))
    want = layer.around(by_frame(x[:, ::stride])).relu()
    torch.testing.assert_close(got, want)


def test_block_by_plain_layers():
    layer = block(4, 1)
    x = torch.randn(14, 3, 4)
    inner = (layer.graph_norm(layer.graph(x)) + x).relu()
    want = (layer.temporal(inner, FULL, FULL) + x).relu()
    torch.testing.assert_close(layer(x, FULL)[0], want)
    plain = block(4, 1, residual=False, graph_residual=False)
    inner = plain.graph_norm(plain.graph(x)).relu()
    want = plain.temporal(inner, FULL, FULL).relu()
    torch.testing.assert_close(plain(x, FULL)[0], want)


def test_no_hands_no_trouble():
    layer = block(6, 2)
    none = torch.zeros(0, 5, dtype=torch.bool)
    got, mask = layer(torch.zeros(0, 3, 4), none)
    assert got.shape == (0, 3, 6)
    assert mask.shape == (0, 3)
    got.sum().backward()
    assert all(p.grad is not None for p in layer.parameters())
