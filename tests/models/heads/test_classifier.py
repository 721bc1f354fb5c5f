"""What classification heads share."""

import pytest
import torch
import torch.nn.functional as F

from tests.models.heads.test_cls_head import fused, samples
from trimodal.models import ClassifierHead, ClsHead

WEIGHTED = {'type': 'CrossEntropyLoss', 'class_weight': (1.0, 2.0)}
BALANCED = {'type': 'CrossEntropyLoss', 'class_weight': 'balanced'}


def test_it_is_no_head_by_itself():
    with pytest.raises(TypeError, match='abstract'):
        ClassifierHead(3, 6, {'type': 'CrossEntropyLoss'})


def test_shares_of_several_classes():
    head, x = ClsHead(3, 6), fused()
    given = samples(0, None, None, 2)
    given[1].set_gt_score([0.25, 0.0, 0.75])
    loss = head.loss(x, given)['loss_cls']
    want = torch.tensor([[1, 0, 0], [0.25, 0, 0.75], [0, 0, 1]])
    torch.testing.assert_close(loss, F.cross_entropy(head(x)[[0, 1, 3]], want))


def test_classes_stay_classes_without_shares():
    rows, target = ClsHead(3, 6).targets(samples(0, None, 2))
    assert rows == [0, 2]
    assert target.dtype == torch.int64
    assert target.tolist() == [0, 2]


def test_shares_that_do_not_add_up():
    given = samples(0, None)
    given[1].set_gt_score([1.0, 0.0, 1.0])
    with pytest.raises(ValueError, match=r"got 2 in sample 'id1'.*MultiLabel"):
        ClsHead(3, 6).loss(fused(2), given)


def test_class_weights_are_as_many_as_classes():
    with pytest.raises(ValueError, match='each of 3 classes, got 2'):
        ClsHead(3, 6, loss=WEIGHTED)
    head = ClsHead(3, 6, loss=BALANCED)
    assert head.state_dict()['loss_module.class_weight.value'].shape == (3,)
