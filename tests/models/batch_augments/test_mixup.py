"""Mixup by hand-worked numbers."""

import pytest
import torch

from tests.models.batch_augments.batches import (
    mix,
    pictures,
    samples,
    scores,
    sequences,
)
from trimodal.models import Mixup
from trimodal.structures import ModalityInput


def test_all_of_one_length():
    inputs = {'a': sequences([1, 2], [5, 10]), 'b': pictures((2, 2), (2, 2))}
    got, mixed = mix(Mixup(3), inputs, samples(0, 2), [1, 0], [0.75, 0.5])
    assert got['a'].data.squeeze(2).tolist() == [[2, 4], [3, 6]]
    assert got['a'].mask.all()
    assert got['b'].data[0].unique().tolist() == [1.25]
    assert got['b'].data[1].unique().tolist() == [1.5]
    assert scores(mixed).tolist() == [[0.75, 0, 0.25], [0.5, 0, 0.5]]
    assert not any('gt_label' in sample for sample in mixed)


def test_the_end_of_the_longer_one_stays_and_counts():
    inputs = {'a': sequences([8, 8, 8, 8], [4, 4])}
    got, mixed = mix(Mixup(2), inputs, samples(0, 1), [1, 0], [0.25, 0.5])
    assert got['a'].data.squeeze(2).tolist() == [[5, 5, 8, 8], [6, 6, 8, 8]]
    assert got['a'].mask.all()
    # (0.25 + 0.25 + 1 + 1) / 4, and (0.5 + 0.5 + 0 + 0) / 4.
    want = torch.tensor([[0.625, 0.375], [0.75, 0.25]])
    torch.testing.assert_close(scores(mixed), want)


def test_a_hand_that_only_one_shows_stays_as_it_is():
    # Two frames, two hands, one joint, one coordinate.
    data = torch.tensor([[[2.0, 0], [2, 0]], [[4, 6], [0, 6]]])
    hands = ModalityInput(data.view(2, 2, 2, 1, 1), data > 0)
    got, mixed = mix(Mixup(2), {'g': hands}, samples(0, 1), [1, 0], [0.5, 1.0])
    assert got['g'].data[0].flatten().tolist() == [3, 6, 2, 6]
    assert got['g'].mask[0].all()
    # Shares of the first sample: 0.5, 0, 1, 0. Of the second, with S = 1,
    # where both show one 1, where only the first does 0.
    want = torch.tensor([[0.375, 0.625], [0.25, 0.75]])
    torch.testing.assert_close(scores(mixed), want)
    assert got['g'].data[1].flatten().tolist() == [4, 6, 2, 6]


def test_a_modality_of_one_alone_stays_as_it_is():
    inputs = {
        'a': sequences([8, 8], [4, 4]),
        'b': pictures((0, 0), (1, 2)),
        'c': sequences([], []),
    }
    got, mixed = mix(Mixup(2), inputs, samples(0, 1), [1, 0], [0.8, 0.6])
    assert got['b'].present.tolist() == [True, True]
    assert got['b'].data.unique().tolist() == [2]
    assert not got['c'].mask.any()
    # (0.8 + 0) / 2 is the first one's, (0.6 + 1) / 2 the second one's.
    torch.testing.assert_close(
        scores(mixed), torch.tensor([[0.4, 0.6], [0.2, 0.8]])
    )


def test_pictures_of_different_sizes():
    inputs = {'b': pictures((2, 1), (1, 2))}
    got, mixed = mix(Mixup(2), inputs, samples(0, 1), [1, 0], [0.5, 0.5])
    for picture in got['b'].data[:, 0]:
        assert picture.tolist() == [[1.5, 2], [1, 0]]
    assert got['b'].mask[0].tolist() == [[True, True], [True, False]]
    torch.testing.assert_close(scores(mixed), torch.full((2, 2), 0.5))


@pytest.mark.parametrize('settings', [{'alpha': 0}, {'prob': 2}])
def test_bad_arguments(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        Mixup(3, **settings)
