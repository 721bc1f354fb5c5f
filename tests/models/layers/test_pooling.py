"""Pooling of masked sequences."""

import pytest
import torch

from trimodal.models.layers import MaskedPooling

X = torch.tensor([[[1.0, 5.0], [3.0, -1.0], [9.0, 9.0]]] * 2)
MASK = torch.tensor([[True, True, False], [False, False, False]])


@pytest.mark.parametrize(
    ('mode', 'want'), [('mean', [2.0, 2.0]), ('max', [3.0, 5.0])]
)
def test_by_hand(mode, want):
    assert MaskedPooling(mode, 2)(X, MASK).tolist() == [want, [0.0, 0.0]]


def test_max_of_negative_numbers_is_not_the_padding():
    pooled = MaskedPooling('max', 2)(-X.abs(), MASK)
    assert pooled[0].tolist() == [-1.0, -1.0]


def test_attention_by_hand():
    pooling = MaskedPooling('attention', 2)
    scores = pooling.score(X[0, :2]).squeeze(1)
    want = scores.softmax(0) @ X[0, :2]
    got = pooling(X, MASK)
    torch.testing.assert_close(got[0], want)
    assert not got[1].any()


def test_bad_mode():
    with pytest.raises(ValueError, match=r"pooling .*'sum'"):
        MaskedPooling('sum', 2)
