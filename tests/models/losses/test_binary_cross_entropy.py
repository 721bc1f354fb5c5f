"""Binary cross-entropy against PyTorch's."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models import BinaryCrossEntropyLoss, MultiLabelHead

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(5, 3, generator=GENERATOR)
TARGET = (torch.rand(5, 3, generator=GENERATOR) < 0.4).float()


@pytest.mark.parametrize('weight', [None, 2.0, (1.0, 2.0, 0.5)])
def test_equals_torch(weight):
    loss = BinaryCrossEntropyLoss(pos_weight=weight, loss_weight=0.5)
    want = F.binary_cross_entropy_with_logits(
        LOGITS,
        TARGET,
        pos_weight=None if weight is None else torch.tensor(weight),
    )
    torch.testing.assert_close(loss(LOGITS, TARGET), 0.5 * want)


def test_smoothing():
    loss = BinaryCrossEntropyLoss(label_smoothing=0.2)
    want = F.binary_cross_entropy_with_logits(LOGITS, 0.1 + 0.8 * TARGET)
    torch.testing.assert_close(loss(LOGITS, TARGET), want)


def test_one_class_a_sample():
    target = torch.tensor([0, 2, 1, 1, 0])
    want = F.binary_cross_entropy_with_logits(
        LOGITS, F.one_hot(target, 3).float()
    )
    torch.testing.assert_close(BinaryCrossEntropyLoss()(LOGITS, target), want)


def test_as_many_weights_as_classes():
    for weight in (None, 2.0, (1.0, 2.0, 3.0)):
        BinaryCrossEntropyLoss(pos_weight=weight).resize(3)
    loss = BinaryCrossEntropyLoss(pos_weight=(1.0, 2.0))
    with pytest.raises(ValueError, match=r'3 classes, got \[1.0, 2.0\]'):
        MultiLabelHead(3, 4, loss=loss)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'label_smoothing': -0.1}, 'label_smoothing'),
        ({'pos_weight': 0.0}, 'pos_weight'),
        ({'pos_weight': (1.0, -1.0)}, 'pos_weight'),
        ({'loss_weight': 0}, 'loss_weight'),
    ],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        BinaryCrossEntropyLoss(**settings)
