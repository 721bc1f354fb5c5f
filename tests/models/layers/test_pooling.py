"""Pooling of masked sequences."""

import pytest
import torch

from trimodal.models.layers import MaskedPooling
from trimodal.models.layers.pooling import MODES
from trimodal.registry import MODELS

X = torch.tensor([[[1.0, 5.0], [3.0, -1.0], [9.0, 9.0]]] * 2)
MASK = torch.tensor([[True, True, False], [False, False, False]])


@pytest.mark.parametrize(
    ('mode', 'want'),
    [('mean', [2.0, 2.0]), ('max', [3.0, 5.0]), ('cls', [1.0, 5.0])],
)
def test_by_hand(mode, want):
    assert MaskedPooling(mode, 2)(X, MASK).tolist() == [want, [0.0, 0.0]]


def test_max_of_negative_numbers_is_not_the_padding():
    pooled = MaskedPooling('max', 2)(-X.abs(), MASK)
    assert pooled[0].tolist() == [-1.0, -1.0]


def test_cls_is_the_first_real_step():
    mask = torch.tensor([[False, True, True], [False, False, True]])
    got = MaskedPooling('cls', 2)(X, mask)
    assert got.tolist() == [[3.0, -1.0], [9.0, 9.0]]


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
@pytest.mark.parametrize('mode', MODES)
def test_reduced_precision_and_rows_of_nothing(mode, dtype):
    x = (X - 100).to(dtype).requires_grad_()
    pooled = MaskedPooling(mode, 2).to(dtype)(x, MASK)
    assert pooled.dtype == dtype
    assert (pooled[0] < -90).all()
    assert not pooled[1].any()
    pooled.sum().backward()
    assert x.grad[MASK].any()
    assert not x.grad[~MASK].any()


def test_it_is_built_by_name():
    cfg = {'type': 'MaskedPooling', 'mode': 'max', 'in_channels': 2}
    assert MODELS.build(cfg)(X, MASK).tolist()[0] == [3.0, 5.0]


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
