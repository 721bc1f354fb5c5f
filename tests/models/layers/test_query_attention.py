"""Attention of queries against torch's."""

import torch
from torch import nn

from trimodal.models.layers.query_attention import QueryAttention


def pair() -> tuple[QueryAttention, nn.MultiheadAttention]:
    ours = QueryAttention(8, 2)
    theirs = nn.MultiheadAttention(8, 2, batch_first=True)
    for mine, its in zip(ours.parameters(), theirs.parameters(), strict=True):
        its.data.copy_(mine.data)
    return ours, theirs


def test_equals_torch():
    ours, theirs = pair()
    x, places = torch.randn(2, 5, 8), torch.randn(2, 5, 8)
    opened = torch.rand(2, 5, 5) < 0.5
    opened |= torch.eye(5, dtype=torch.bool)
    got = ours(x, places, opened.unsqueeze(1))
    want, _ = theirs(
        x + places,
        x + places,
        x,
        attn_mask=~opened.repeat_interleave(2, 0),
    )
    torch.testing.assert_close(got, want)


def test_what_is_not_seen_has_no_influence():
    ours, _ = pair()
    x, places = torch.randn(1, 4, 8), torch.randn(1, 4, 8)
    opened = torch.ones(1, 1, 4, 4, dtype=torch.bool)
    opened[..., :3, 3] = False
    other = x.clone()
    other[:, 3] += 1
    a, b = ours(x, places, opened), ours(other, places, opened)
    torch.testing.assert_close(a[:, :3], b[:, :3])
    assert not torch.allclose(a[:, 3], b[:, 3])
