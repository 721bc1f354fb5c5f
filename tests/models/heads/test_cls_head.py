"""Classification head."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from trimodal.models import ClsHead
from trimodal.structures import Fused, TriModalDataSample


def fused(rows: int = 4) -> Fused:
    return Fused(
        torch.zeros(rows, 1, 6),
        torch.ones(rows, 1, dtype=torch.bool),
        torch.randn(rows, 6, requires_grad=True),
        torch.ones(rows, 1),
    )


def samples(*labels: int | None) -> list[TriModalDataSample]:
    made = []
    for label in labels:
        sample = TriModalDataSample(metainfo={'sample_id': f'id{len(made)}'})
        made.append(sample if label is None else sample.set_gt_label(label))
    return made


def test_loss_is_the_cross_entropy():
    head, x = ClsHead(3, 6), fused()
    losses = head.loss(x, samples(0, 2, 1, 1))
    want = F.cross_entropy(head(x), torch.tensor([0, 2, 1, 1]))
    assert list(losses) == ['loss_cls']
    torch.testing.assert_close(losses['loss_cls'], want)


def test_unlabelled_samples_are_left_out():
    head, x = ClsHead(3, 6), fused()
    loss = head.loss(x, samples(None, 2, None, 1))['loss_cls']
    want = F.cross_entropy(head(x)[[1, 3]], torch.tensor([2, 1]))
    torch.testing.assert_close(loss, want)


def test_no_labels_give_zero_with_a_graph():
    head, x = ClsHead(3, 6, hidden_channels=(5,)), fused()
    loss = head.loss(x, samples(*[None] * 4))['loss_cls']
    assert loss.item() == 0
    loss.backward()
    assert all(not p.grad.any() for p in head.parameters())


def test_predictions_are_written_to_copies():
    head, x = ClsHead(3, 6), fused()
    given = samples(0, None, 1, 2)
    got = head.predict(x, given)
    scores = head(x).softmax(1)
    for row, (before, after) in enumerate(zip(given, got, strict=True)):
        assert 'pred_label' not in before
        assert after.sample_id == f'id{row}'
        torch.testing.assert_close(after.pred_score, scores[row].detach())
        assert after.pred_label.item() == scores[row].argmax()
        assert not after.pred_score.requires_grad
    assert got[0].gt_label.tolist() == [0]


def test_hidden_layers():
    head = ClsHead(3, 6, hidden_channels=(5, 4), dropout=0.1)
    linear = [m for m in head.layers if isinstance(m, nn.Linear)]
    shapes = [tuple(m.weight.shape) for m in linear]
    assert shapes == [(5, 6), (4, 5), (3, 4)]
    assert head(fused()).shape == (4, 3)


def test_the_loss_is_built_from_its_config():
    head = ClsHead(
        3,
        6,
        loss={
            'type': 'CrossEntropyLoss',
            'label_smoothing': 0.1,
            'class_weight': [1.0, 2.0, 3.0],
        },
    )
    x = fused()
    want = F.cross_entropy(
        head(x),
        torch.tensor([0, 2, 1, 1]),
        torch.tensor([1.0, 2.0, 3.0]),
        label_smoothing=0.1,
    )
    loss = head.loss(x, samples(0, 2, 1, 1))['loss_cls']
    torch.testing.assert_close(loss, want)


def test_decisions_are_used_as_they_are():
    head, x = ClsHead(6, 6, decisions=True), fused()
    assert not list(head.parameters())
    assert torch.equal(head(x), x.pooled)
    loss = head.loss(x, samples(0, 5, 1, None))['loss_cls']
    want = F.cross_entropy(x.pooled[:3], torch.tensor([0, 5, 1]))
    torch.testing.assert_close(loss, want)
    got = head.predict(x, samples(None, None, None, None))
    scores = torch.stack([sample.pred_score for sample in got])
    torch.testing.assert_close(scores, x.pooled.detach().softmax(1))


@pytest.mark.parametrize('label', [3, -1, [0, 1]])
def test_labels_that_cannot_be_are_named(label):
    with pytest.raises(ValueError, match=r"3.*, got .* in sample 'id1'"):
        ClsHead(3, 6).loss(fused(2), samples(0, label))


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'num_classes': 0}, 'num_classes'),
        ({'in_channels': 0}, 'in_channels'),
        ({'hidden_channels': (0,)}, 'hidden_channels'),
        ({'dropout': 1.1}, 'dropout'),
        ({'decisions': True}, 'in_channels == num_classes.* got 6, 3'),
        (
            {'decisions': True, 'num_classes': 6, 'hidden_channels': (4,)},
            r'hidden_channels .*\(4,\)',
        ),
        ({'decisions': True, 'num_classes': 6, 'dropout': 0.1}, '0.1'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        ClsHead(**{'num_classes': 3, 'in_channels': 6, **changes})
