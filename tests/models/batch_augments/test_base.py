"""What mixing augmentations share."""

import pytest
import torch

from tests.models.batch_augments.batches import (
    mix,
    pictures,
    samples,
    scores,
    sequences,
)
from trimodal.models import BaseMix, ClsHead, CutMix, Mixup

KINDS = (Mixup, CutMix)


def inputs() -> dict:
    return {
        'a': sequences([1, 2, 3], [4], [], [5, 6]),
        'b': pictures((2, 3), (0, 0), (3, 1), (2, 2)),
    }


@pytest.mark.parametrize('kind', KINDS)
def test_what_is_given_stays(kind):
    given, labelled = inputs(), samples(0, 1, 2, None)
    before = [(x.data.clone(), x.mask.clone()) for x in given.values()]
    kind(3)(given, labelled)
    for (data, mask), x in zip(before, given.values(), strict=True):
        assert torch.equal(data, x.data)
        assert torch.equal(mask, x.mask)
    assert [s.get('gt_label') for s in labelled[:3]] == [0, 1, 2]
    assert not any('gt_score' in sample for sample in labelled)


@pytest.mark.parametrize('kind', KINDS)
def test_shares_add_up_and_masked_is_zero(kind):
    torch.manual_seed(0)
    for _ in range(20):
        got, mixed = kind(3, alpha=1.0)(inputs(), samples(0, 1, 2, 1))
        torch.testing.assert_close(scores(mixed).sum(1), torch.ones(4))
        assert not got['a'].data[~got['a'].mask].any()
        hidden = ~got['b'].mask.unsqueeze(1).expand(-1, 3, -1, -1)
        assert not got['b'].data[hidden].any()


@pytest.mark.parametrize('kind', KINDS)
def test_nothing_of_its_own_is_lost_with_a_whole_share(kind):
    got, mixed = mix(
        kind(3), {'a': inputs()['a']}, samples(0, 1, 2, 0), [0] * 4, [1.0] * 4
    )
    assert got['a'].data[0].flatten().tolist() == [1, 2, 3]
    assert scores(mixed)[0].tolist() == [1, 0, 0]


@pytest.mark.parametrize('kind', KINDS)
def test_samples_without_a_class_are_left_alone(kind):
    module = kind(3, alpha=1.0)
    for seed in range(10):
        torch.manual_seed(seed)
        got, mixed = module(inputs(), samples(0, 1, None, 2))
        assert got['b'].data[2].unique().tolist() == [0, 3]
        assert not got['a'].mask[2].any()
        assert 'gt_score' not in mixed[2]
        # Nor are they anybody's partner.
        assert not (got['b'].data[[0, 1, 3]] == 3).any()


def test_draws_follow_the_generator():
    module = Mixup(3, alpha=1.0)
    torch.manual_seed(3)
    partner, s = module._draw(6, [0, 2, 3, 5])
    assert partner[[1, 4]].tolist() == [1, 4]
    assert s[[1, 4]].tolist() == [1, 1]
    assert sorted(partner[[0, 2, 3, 5]].tolist()) == [0, 2, 3, 5]
    assert len(s.unique()) == 5
    torch.manual_seed(3)
    again, _ = module._draw(6, [0, 2, 3, 5])
    assert torch.equal(partner, again)


def test_shares_are_of_the_distribution():
    torch.manual_seed(0)
    rows = list(range(4000))
    for alpha in (0.2, 1.0):
        _, s = Mixup(3, alpha)._draw(4000, rows)
        # The variance of Beta(a, a) is 1 / (4 (2 a + 1)).
        assert s.mean().item() == pytest.approx(0.5, abs=0.02)
        want = 1 / (4 * (2 * alpha + 1))
        assert s.var().item() == pytest.approx(want, abs=0.01)


def test_probability():
    torch.manual_seed(0)
    module = Mixup(3, prob=0.25)
    mixed = [
        'gt_score' in module(inputs(), samples(0, 1, 2, 0))[1][0]
        for _ in range(400)
    ]
    assert sum(mixed) == pytest.approx(100, abs=30)


def test_shares_are_mixed_further():
    given = samples(None, 1)
    given[0].set_gt_score([0.5, 0.5, 0.0])
    x = {'a': sequences([1], [2])}
    _, mixed = mix(Mixup(3), x, given, [1, 0], [0.5, 0.75])
    want = torch.tensor([[0.25, 0.75, 0], [0.125, 0.875, 0]])
    torch.testing.assert_close(scores(mixed), want)


def test_a_head_takes_what_is_mixed():
    _, mixed = Mixup(3)(inputs(), samples(0, 1, None, 2))
    rows, target = ClsHead(3, 6).targets(mixed)
    assert rows == [0, 1, 3]
    torch.testing.assert_close(target, scores([mixed[r] for r in rows]))


def test_other_targets_are_refused_unless_dropped():
    given = samples(0, 1, None, 2)
    given[1].set_gt_text('one')
    with pytest.raises(ValueError, match=r"\['gt_text'\] in sample 'id1'"):
        Mixup(3)(inputs(), given)
    _, mixed = Mixup(3, drop=('gt_text',))(inputs(), given)
    assert 'gt_text' not in mixed[1]
    assert given[1].gt_text == 'one'
    given[1] = given[0]
    given[2].set_gt_text('of nobody who is mixed')
    assert 'gt_text' in Mixup(3)(inputs(), given)[1][2]


def test_too_few_classes():
    with pytest.raises(ValueError, match=r"of 2 classes.* 'id2'"):
        Mixup(2)(inputs(), samples(0, 1, 2, 0))


def test_it_is_nothing_by_itself():
    with pytest.raises(TypeError, match='abstract'):
        BaseMix(3, 1.0)
