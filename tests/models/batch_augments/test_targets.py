"""Which samples can be mixed, and their targets."""

import pytest
import torch

from tests.models.batch_augments.batches import samples
from trimodal.models.batch_augments.targets import mixable, mixed_scores


def test_those_with_a_class():
    given = samples(0, None, 1, None)
    given[3].set_gt_score([0.5, 0.5])
    assert mixable(given, ()) == [0, 2, 3]


def test_other_targets():
    given = samples(0, None)
    given[0].set_gt_text('a').set_gt_value(1.0)
    given[1].set_gt_text('a')
    with pytest.raises(ValueError, match=r"drop=\['gt_value'\]"):
        mixable(given, ('gt_text',))
    assert mixable(given, ('gt_text', 'gt_value')) == [0]


def test_scores():
    given = samples(2, None, 1, None)
    given[3].set_gt_score([0.5, 0.5, 0.0])
    got = mixed_scores(given, [0, 2, 3], 3, torch.device('cpu'))
    want = [[0, 0, 1], [0, 0, 0], [0, 1, 0], [0.5, 0.5, 0]]
    assert got.tolist() == want
