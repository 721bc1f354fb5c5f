"""What queries are told about their class."""

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import sigmoid_focal_loss

from trimodal.models.layers.box_targets import Matches
from trimodal.models.losses.query_classes import (
    focal_loss,
    softmax_loss,
    varifocal_loss,
)

MATCHES = Matches(
    torch.tensor([0, 1, 1]),
    torch.tensor([1, 0, 1]),
    torch.tensor([2, 0, 3]),
    torch.tensor([0, 0, 1]),
)
LABELS = torch.tensor([1, 2, 0])
QUERIES = torch.tensor([[True] * 4, [False, True, True, True]])


def one_hot(logits: Tensor, values: Tensor) -> Tensor:
    target = torch.zeros_like(logits)
    for pair in range(3):
        place = (MATCHES.layer[pair], MATCHES.row[pair], MATCHES.query[pair])
        target[place][LABELS[pair]] = values[pair]
    return target


def test_focal_equals_torchvision():
    logits = torch.randn(2, 2, 4, 3, requires_grad=True)
    got = focal_loss(logits, MATCHES, LABELS, QUERIES, 0.3, 1.5)
    target = one_hot(logits, torch.ones(3))
    want = sigmoid_focal_loss(logits, target, 0.3, 1.5)
    want = (want * QUERIES.unsqueeze(2)).sum((1, 2, 3))
    torch.testing.assert_close(got, want, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(
        torch.autograd.grad(got.sum(), logits),
        torch.autograd.grad(want.sum(), logits),
    )


def test_varifocal_by_its_formula():
    logits = torch.randn(2, 2, 4, 3, requires_grad=True)
    quality = torch.tensor([0.9, 0.2, 0.0])
    got = varifocal_loss(logits, MATCHES, LABELS, QUERIES, quality, 0.7, 2.0)
    target = one_hot(logits, quality)
    scores = logits.detach().sigmoid()
    weight = 0.7 * scores**2
    weight = torch.where(one_hot(logits, torch.ones(3)) > 0, target, weight)
    want = weight * F.binary_cross_entropy(
        logits.sigmoid(), target, reduction='none'
    )
    want = (want * QUERIES.unsqueeze(2)).sum((1, 2, 3))
    torch.testing.assert_close(got, want)
    torch.testing.assert_close(
        torch.autograd.grad(got.sum(), logits),
        torch.autograd.grad(want.sum(), logits),
    )


def test_softmax_equals_torch():
    logits = torch.randn(2, 2, 4, 4)
    got = softmax_loss(logits, MATCHES, LABELS, QUERIES, 0.1)
    weight = torch.tensor([1.0, 1.0, 1.0, 0.1])
    for layer in range(2):
        target = torch.full((2, 4), 3)
        here = MATCHES.layer == layer
        target[MATCHES.row[here], MATCHES.query[here]] = LABELS[here]
        want = F.cross_entropy(logits[layer][QUERIES], target[QUERIES], weight)
        torch.testing.assert_close(got[layer], want)


def test_nobody_is_asked():
    nothing = Matches(*torch.zeros(4, 0, dtype=torch.int64))
    labels = torch.zeros(0, dtype=torch.int64)
    logits = torch.randn(2, 2, 4, 4)
    asked = torch.zeros(2, 4, dtype=torch.bool)
    assert not softmax_loss(logits, nothing, labels, asked, 0.1).any()
    assert not focal_loss(logits, nothing, labels, asked, 0.25, 2.0).any()
