"""Heads for several classes a sample."""

import pytest
import torch
import torch.nn.functional as F

from tests.models.heads.test_cls_head import fused, samples
from trimodal.models import MultiLabelHead


def test_loss_is_the_binary_cross_entropy():
    head, x = MultiLabelHead(3, 6), fused()
    losses = head.loss(x, samples([0, 2], [], None, 1))
    want = torch.tensor([[1.0, 0, 1], [0, 0, 0], [0, 1, 0]])
    loss = F.binary_cross_entropy_with_logits(head(x)[[0, 1, 3]], want)
    assert list(losses) == ['loss_cls']
    torch.testing.assert_close(losses['loss_cls'], loss)


def test_scores_go_before_labels():
    given = samples(0, [1, 2], None, None)
    given[0].set_gt_score([0.1, 0.5, 1.0])
    rows, target = MultiLabelHead(3, 6).targets(given)
    assert rows == [1, 0]
    want = torch.tensor([[0.0, 1, 1], [0.1, 0.5, 1.0]])
    torch.testing.assert_close(target, want)


def test_classes_from_the_threshold_on():
    head, x = MultiLabelHead(3, 6, threshold=0.4), fused()
    got = head.predict(x, samples(0, None, [], 1))
    scores = head(x).sigmoid().detach()
    for sample, score in zip(got, scores, strict=True):
        torch.testing.assert_close(sample.pred_score, score)
        want = (score >= 0.4).nonzero().flatten()
        assert torch.equal(sample.pred_label, want)


def test_the_best_classes():
    head, x = MultiLabelHead(3, 6, topk=2), fused()
    got = head.predict(x, samples(*[None] * 4))
    best = head(x).topk(2).indices
    for sample, want in zip(got, best, strict=True):
        assert torch.equal(sample.pred_label, want)


def test_labels_that_cannot_be_are_named():
    with pytest.raises(
        ValueError, match=r"3 classes, got \[0, 3\] in sample 'id1'"
    ):
        MultiLabelHead(3, 6).loss(fused(2), samples(0, [0, 3]))


@pytest.mark.parametrize('scores', [[0.5, 0.5], [0.0, 2.0, 0.0]])
def test_scores_that_cannot_be_are_named(scores):
    given = samples(0, 1)
    given[1].set_gt_score(scores)
    with pytest.raises(ValueError, match=r"gt_score .* sample 'id1'"):
        MultiLabelHead(3, 6).loss(fused(2), given)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'threshold': 1.5}, 'threshold'),
        ({'topk': 4}, 'topk must be in 1 .. 3'),
        ({'topk': 2, 'threshold': 0.5}, 'without a threshold'),
        ({'num_classes': 0}, 'num_classes'),
        ({'loss': {'type': 'CrossEntropyLoss'}}, 'got CrossEntropyLoss'),
        ({'loss': {'type': 'OHEMLoss'}}, 'got CrossEntropyLoss'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        MultiLabelHead(**{'num_classes': 3, 'in_channels': 6, **changes})
