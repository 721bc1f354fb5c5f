"""Weights of classes against scikit-learn's."""

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from trimodal.models.layers.class_weight import ClassWeight, set_classes

LABELS = np.array([0, 0, 0, 0, 1, 2, 2, 1, 0, 0])


def counts(labels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.bincount(labels))


def test_balanced_is_scikit_learns():
    weight = ClassWeight('balanced')
    weight.resize(3)
    weight.measure(counts(LABELS))
    want = compute_class_weight('balanced', classes=np.arange(3), y=LABELS)
    torch.testing.assert_close(weight(), torch.from_numpy(want).float())


def test_a_class_without_samples_weighs_nothing():
    weight = ClassWeight('balanced')
    weight.resize(5)
    weight.measure(counts(LABELS * 3 // 2))  # classes 0, 1 and 3
    want = compute_class_weight('balanced', classes=np.arange(3), y=LABELS)
    assert weight()[[2, 4]].tolist() == [0, 0]
    got = weight()[[0, 1, 3]]
    torch.testing.assert_close(got, torch.from_numpy(want).float())


def test_without_a_head_the_counts_tell_how_many():
    weight = ClassWeight('balanced')
    weight.measure(counts(LABELS))
    assert len(weight()) == 3


def test_unmeasured_weights_say_what_to_do():
    weight = ClassWeight('balanced')
    with pytest.raises(ValueError, match='ClassCountsHook'):
        weight()
    weight.resize(3)
    with pytest.raises(ValueError, match='ClassCountsHook'):
        weight()


def test_a_checkpoint_brings_them_along():
    first, second = ClassWeight('balanced'), ClassWeight('balanced')
    for weight in (first, second):
        weight.resize(3)
    first.measure(counts(LABELS))
    second.load_state_dict(first.state_dict())
    assert torch.equal(first(), second())


def test_given_weights_are_not_in_the_checkpoint():
    assert not ClassWeight((1.0, 2.0)).state_dict()
    assert ClassWeight((1.0, 2.0))().tolist() == [1, 2]
    assert ClassWeight(None)() is None


def test_all_weights_of_a_loss_learn_how_many_classes():
    loss = nn.Sequential(ClassWeight('balanced'), ClassWeight((1.0, 2.0)))
    set_classes(loss, 2)
    assert len(loss[0].value) == 2
    with pytest.raises(ValueError, match='each of 3 classes, got 2'):
        set_classes(loss, 3)
    set_classes(lambda logits, target: 0, 3)


def test_more_classes_than_weights():
    weight = ClassWeight('balanced')
    weight.resize(2)
    with pytest.raises(ValueError, match=r'for 2 classes.* up to 2'):
        weight.measure(counts(LABELS))


@pytest.mark.parametrize('given', [(), (1.0, 0.0), 'balance'])
def test_bad_arguments(given):
    with pytest.raises(ValueError, match='class_weight'):
        ClassWeight(given)
