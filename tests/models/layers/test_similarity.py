"""Similarities of all pairs."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models.layers.similarity import PairSimilarity

A, B = torch.randn(3, 5), torch.randn(4, 5)


def test_cosine_is_torchs():
    want = F.cosine_similarity(A[:, None], B[None], dim=2)
    torch.testing.assert_close(PairSimilarity('cosine', 5)(A, B), want)


def test_bilinear_starts_as_cosine():
    layer = PairSimilarity('bilinear', 5)
    want = PairSimilarity('cosine', 5)(A, B)
    torch.testing.assert_close(layer(A, B), want)
    torch.nn.init.normal_(layer.weight)
    a, b = F.normalize(A[1], dim=0), F.normalize(B[2], dim=0)
    torch.testing.assert_close(layer(A, B)[1, 2], a @ layer.weight @ b)


def test_mlp_sees_both_side_by_side():
    layer = PairSimilarity('mlp', 5)
    a, b = F.normalize(A[2], dim=0), F.normalize(B[1], dim=0)
    weight = torch.cat([layer.first.weight, layer.second.weight], dim=1)
    hidden = F.gelu(weight @ torch.cat([a, b]) + layer.first.bias)
    want = layer.score.weight[0] @ hidden
    torch.testing.assert_close(layer(A, B)[2, 1], want)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"similarity .*'dot'"):
        PairSimilarity('dot', 5)
    with pytest.raises(ValueError, match='channels'):
        PairSimilarity('mlp', 0)
