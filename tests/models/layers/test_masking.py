"""Masked means and softmaxes."""

import torch
from torch import nn

from trimodal.models.layers import (
    connect,
    connect_tensors,
    masked_mean,
    masked_softmax,
)


def test_masked_mean_by_hand():
    x = torch.tensor([[[1.0], [2.0], [9.0]], [[4.0], [5.0], [6.0]]])
    mask = torch.tensor([[True, True, False], [False, False, False]])
    assert masked_mean(x, mask, 1).tolist() == [[1.5], [0.0]]


def test_masked_mean_ignores_what_is_not_a_number():
    x = torch.tensor([[[1.0], [torch.nan]]], requires_grad=True)
    masked_mean(x, torch.tensor([[True, False]]), 1).sum().backward()
    assert x.grad.tolist() == [[[1.0], [0.0]]]


def test_masked_mean_counts_far_in_bfloat16():
    x = torch.ones(1, 1001, 1, dtype=torch.bfloat16)
    mean = masked_mean(x, torch.ones(1, 1001, dtype=torch.bool), 1)
    assert mean.dtype == torch.bfloat16
    assert mean.item() == 1.0


def test_masked_softmax_equals_softmax_of_the_rest():
    scores = torch.randn(4, 5)
    mask = torch.tensor([True, False, True, True, False]).expand(4, 5)
    got = masked_softmax(scores, mask)
    want = scores[:, [0, 2, 3]].softmax(1)
    torch.testing.assert_close(got[:, [0, 2, 3]], want)
    assert not got[:, [1, 4]].any()


def test_masked_softmax_of_nothing_is_zero_and_so_is_its_gradient():
    scores = torch.randn(2, 3, requires_grad=True)
    mask = torch.tensor([[True, True, False], [False, False, False]])
    weights = masked_softmax(scores, mask)
    assert weights[1].tolist() == [0, 0, 0]
    (weights * torch.randn(2, 3)).sum().backward()
    assert scores.grad.isfinite().all()
    assert not scores.grad[1].any()


def test_connect_adds_nothing_but_the_graph():
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    module[1].bias.requires_grad_(False)
    x = torch.randn(3)
    y = connect(x, module)
    assert torch.equal(x, y)
    y.sum().backward()
    for parameter in module.parameters():
        if parameter.requires_grad:
            assert not parameter.grad.any()


def test_connect_without_parameters():
    x = torch.randn(3)
    assert connect(x, nn.Identity()) is x


def test_connect_tensors_adds_nothing_but_the_graph():
    x = torch.randn(3)
    others = [torch.randn(2, 4), torch.full((3,), torch.inf).half()]
    others = [other.requires_grad_() for other in others]
    y = connect_tensors(x, *others)
    assert torch.equal(x, y)
    assert y.dtype == x.dtype
    y.sum().backward()
    for other in others:
        assert other.grad.shape == other.shape
        assert not other.grad.any()
