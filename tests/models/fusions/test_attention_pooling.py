"""Fusion by learned queries over all streams."""

import pytest
import torch
import torch.nn.functional as F

from tests.models.fusions.small import given, make, norm, real
from tests.models.layers.test_attention import as_torch
from trimodal.models import AttentionPoolingFusion


def test_by_pytorchs_attention():
    fusion = make(AttentionPoolingFusion, num_heads=2, num_queries=3)
    attention, streams = as_torch(fusion.attention), given()
    fused = fusion(streams)
    first, _, _, last, _ = fusion.feedforward
    for row in range(7):
        parts = [
            norm(
                fusion.projections[name](real(stream, row)), fusion.norm_steps
            )
            for name, stream in streams.items()
        ]
        x = torch.cat(parts)
        torch.testing.assert_close(fused.tokens[row][fused.mask[row]], x)
        found, where = attention(fusion.queries, x, x)
        y = fusion.queries + found
        y = y + last(F.gelu(first(norm(y, fusion.norm1))))
        y = norm(y, fusion.norm2)
        torch.testing.assert_close(fused.pooled[row], y.mean(0))
        mass = where.mean(0).split([len(part) for part in parts])
        want = torch.stack([part.sum() for part in mass])
        torch.testing.assert_close(fused.weights[row], want)
    assert not fused.weights.requires_grad


def test_nothing_is_what_the_queries_hold():
    fusion = make(AttentionPoolingFusion, num_heads=2)
    fused = fusion(given())
    y = fusion.queries
    y = y + fusion.feedforward(norm(y, fusion.norm1))
    want = norm(y, fusion.norm2).mean(0)
    torch.testing.assert_close(fused.pooled[7], want)
    assert not fused.weights[7].any()


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'num_queries': 0}, 'num_queries'),
        ({'num_heads': 3}, 'num_heads'),
        ({'feedforward_channels': 0}, 'feedforward_channels'),
        ({'dropout': 2.0}, 'dropout'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        make(AttentionPoolingFusion, **{'num_heads': 2, **changes})
