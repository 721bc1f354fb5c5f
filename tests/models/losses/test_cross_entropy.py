"""Cross-entropy against PyTorch's."""

import pytest
import torch
import torch.nn.functional as F

from trimodal.models import CrossEntropyLoss

LOGITS = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
TARGET = torch.tensor([0, 3, 1, 1, 2, 0])


@pytest.mark.parametrize('smoothing', [0.0, 0.2])
@pytest.mark.parametrize('weight', [None, (1.0, 2.0, 0.5, 3.0)])
def test_equals_torch(smoothing, weight):
    loss = CrossEntropyLoss(smoothing, weight, loss_weight=0.5)
    want = F.cross_entropy(
        LOGITS,
        TARGET,
        None if weight is None else torch.tensor(weight),
        label_smoothing=smoothing,
    )
    torch.testing.assert_close(loss(LOGITS, TARGET), 0.5 * want)


@pytest.mark.parametrize('smoothing', [0.0, 0.2])
def test_shares_of_classes(smoothing):
    shares = torch.rand(6, 4, generator=torch.Generator().manual_seed(1))
    shares /= shares.sum(1, keepdim=True)
    want = F.cross_entropy(LOGITS, shares, label_smoothing=smoothing)
    loss = CrossEntropyLoss(smoothing)
    torch.testing.assert_close(loss(LOGITS, shares), want)


@pytest.mark.parametrize('smoothing', [0.0, 0.2])
def test_whole_shares_are_classes(smoothing):
    loss = CrossEntropyLoss(smoothing, (1.0, 2.0, 0.5, 3.0))
    shares = F.one_hot(TARGET, 4).float()
    torch.testing.assert_close(loss(LOGITS, shares), loss(LOGITS, TARGET))


@pytest.mark.parametrize('weight', [None, (1.0, 2.0, 0.5, 3.0)])
def test_no_samples_give_zero_with_a_gradient(weight):
    logits = LOGITS.clone().requires_grad_()
    loss = CrossEntropyLoss(class_weight=weight)(logits[:0], TARGET[:0])
    assert loss.item() == 0
    loss.backward()
    assert not logits.grad.any()


def test_half_precision_is_computed_in_full():
    loss = CrossEntropyLoss()(LOGITS.bfloat16(), TARGET)
    assert loss.dtype == torch.float32
    want = F.cross_entropy(LOGITS.bfloat16().float(), TARGET)
    torch.testing.assert_close(loss, want)


def test_weights_are_not_in_the_checkpoint():
    assert not CrossEntropyLoss(class_weight=(1.0, 2.0)).state_dict()


def test_balanced_weights_are_measured():
    loss = CrossEntropyLoss(class_weight='balanced')
    with pytest.raises(ValueError, match='ClassCountsHook'):
        loss(LOGITS, TARGET)
    loss.class_weight.measure(torch.tensor([4, 2, 1, 1]))
    want = F.cross_entropy(LOGITS, TARGET, torch.tensor([0.5, 1, 2, 2]))
    torch.testing.assert_close(loss(LOGITS, TARGET), want)
    assert list(loss.state_dict()) == ['class_weight.value']


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'label_smoothing': 1.5}, 'label_smoothing'),
        ({'class_weight': (1.0, 0.0)}, 'class_weight'),
        ({'loss_weight': 0}, 'loss_weight'),
    ],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        CrossEntropyLoss(**settings)
