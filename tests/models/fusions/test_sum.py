"""Fusion by addition."""

import pytest
import torch

from tests.models.fusions.small import (
    WIDTHS,
    given,
    make,
    means,
    norm,
    projected,
    real,
)
from trimodal.models import SumFusion


def test_is_the_normalised_sum():
    fusion, streams = make(SumFusion), given()
    fused = fusion(streams)
    for row in range(8):
        pooled = means(fusion, streams, row)
        parts = [
            pooled.get(name, fusion.absent[index])
            for index, name in enumerate(WIDTHS)
        ]
        want = norm(torch.stack(parts).sum(0), fusion.norm)
        torch.testing.assert_close(fused.pooled[row], want)
        sizes = torch.stack(
            [
                pooled[n].norm() if n in pooled else want.sum() * 0
                for n in 'abc'
            ]
        )
        share = sizes / max(sizes.sum(), 1e-9)
        torch.testing.assert_close(fused.weights[row], share)
    assert not fused.weights.requires_grad


def test_tokens_are_the_projected_streams():
    fusion, streams = make(SumFusion), given()
    fused = fusion(streams)
    for row in range(7):
        want = [projected(fusion, n, real(s, row)) for n, s in streams.items()]
        got = fused.tokens[row][fused.mask[row]]
        torch.testing.assert_close(got, torch.cat(want))


def test_the_order_of_modalities_does_not_matter():
    fusion, other = make(SumFusion), make(SumFusion, 'cab')
    other.load_state_dict(fusion.state_dict())
    other.absent.data = fusion.absent.data[[2, 0, 1]]
    streams = given()
    a, b = fusion(streams), other(streams)
    torch.testing.assert_close(a.pooled, b.pooled)
    torch.testing.assert_close(a.weights, b.weights[:, [1, 2, 0]])


def test_bad_pooling():
    with pytest.raises(ValueError, match=r"pooling .* 'sum'"):
        make(SumFusion, pooling='sum')
