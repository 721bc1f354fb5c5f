"""CutMix by hand-worked numbers."""

from unittest.mock import patch

import pytest
import torch

from tests.models.batch_augments.batches import (
    mix,
    pictures,
    samples,
    scores,
    sequences,
)
from trimodal.models import CutMix
from trimodal.structures import ModalityInput


def cut(inputs, s, place=0.999, partner=(1, 0)):
    """Mix two samples of classes 0 and 1; the part lies at ``place``."""
    draw = patch('torch.rand', lambda *size: torch.full(_size(size), place))
    with draw:
        return mix(CutMix(2), inputs, samples(0, 1), partner, s)


def _size(size):
    return size if size and isinstance(size[0], int) else tuple(*size)


def test_a_stretch_of_a_sequence():
    inputs = {'a': sequences([1, 1, 1, 1], [2, 3, 4, 5])}
    got, mixed = cut(inputs, [0.5, 0.75], place=0.5)
    # Two of 4 steps from floor(0.5 * 3) = 1, one from floor(0.5 * 4) = 2.
    assert got['a'].data.squeeze(2).tolist() == [[1, 3, 4, 1], [2, 3, 1, 5]]
    assert scores(mixed).tolist() == [[0.5, 0.5], [0.25, 0.75]]


def test_a_box_of_a_picture():
    inputs = {'b': pictures((4, 4), (4, 4))}
    got, mixed = cut(inputs, [0.75, 1.0])
    # A quarter of the area: half of each side, here at the end.
    want = torch.ones(4, 4)
    want[2:, 2:] = 2
    assert torch.equal(got['b'].data[0], want.expand(3, 4, 4))
    assert (got['b'].data[1] == 2).all()
    assert scores(mixed).tolist() == [[0.75, 0.25], [0, 1]]


def test_parts_lie_where_both_have_something():
    inputs = {
        'a': sequences([1] * 6, [2, 2]),
        'b': pictures((4, 2), (2, 4)),
    }
    got, mixed = cut(inputs, [0.0, 0.0])
    # Nothing of its own was to be left, but the partner has less.
    assert got['a'].data[0].flatten().tolist() == [2, 2, 1, 1, 1, 1]
    assert got['a'].mask[0].all()
    assert got['a'].data[1].flatten().tolist() == [1, 1, 0, 0, 0, 0]
    assert got['a'].mask[1].sum() == 2
    picture = got['b'].data[0, 0, :, :2]
    assert picture.tolist() == [[2, 2], [2, 2], [1, 1], [1, 1]]
    assert got['b'].mask[0, :, :2].all()
    assert not got['b'].mask[0, :, 2:].any()
    # Own shares: 4/6 and 4/8 of the first; 0 and 4/8 of the second.
    own = torch.tensor([(4 / 6 + 0.5) / 2, 0.25])
    torch.testing.assert_close(scores(mixed).diagonal(), own)


def test_all_hands_of_a_frame_go_together():
    data = torch.tensor([[[1.0, 1], [1, 0]], [[0, 5], [5, 0]]])
    hands = ModalityInput(data.view(2, 2, 2, 1, 1), data > 0)
    got, mixed = cut({'g': hands}, [0.5, 1.0], place=0.0)
    # The first frame is the partner's: its left hand is not seen there.
    assert got['g'].data[0].flatten().tolist() == [0, 5, 1, 0]
    assert got['g'].mask[0].tolist() == [[False, True], [True, False]]
    assert scores(mixed)[0].tolist() == [0.5, 0.5]


def test_a_modality_of_one_alone_stays_as_it_is():
    inputs = {'a': sequences([1, 1], [2, 2]), 'b': pictures((0, 0), (1, 2))}
    got, mixed = cut(inputs, [0.5, 0.5])
    assert got['a'].data.squeeze(2).tolist() == [[1, 2], [2, 1]]
    assert got['b'].data.unique().tolist() == [2]
    want = torch.tensor([[0.25, 0.75], [0.25, 0.75]])
    torch.testing.assert_close(scores(mixed), want)


def test_whose_all_was_cut_away_keeps_its_class():
    # The partner is seen before and after, not in the stretch itself.
    hands = sequences([0, 1, 0], [2, 0, 2])
    hands = ModalityInput(hands.data, hands.data.squeeze(2) > 0)
    got, mixed = cut({'g': hands}, [0.67, 1.0], place=0.5)
    assert not got['g'].mask[0].any()
    assert scores(mixed)[0].tolist() == [1, 0]


@pytest.mark.parametrize('settings', [{'alpha': 0}, {'num_classes': 0}])
def test_bad_arguments(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        CutMix(**{'num_classes': 3, **settings})
