"""Targets of classification in one form."""

import pytest
import torch

from trimodal.models.layers.soft_targets import (
    class_shares,
    read_labels,
    read_many_hot,
    read_scores,
)
from trimodal.structures import TriModalDataSample


def test_classes_become_shares():
    shares = class_shares(torch.tensor([2, 0]), 3)
    assert shares.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert shares.dtype == torch.float32


def test_shares_stay():
    given = torch.tensor([[0.5, 0.5]], dtype=torch.float64)
    assert torch.equal(class_shares(given, 2), given.float())


def samples(*labels: int | list[int]) -> list[TriModalDataSample]:
    made = [TriModalDataSample() for _ in labels]
    for row, label in enumerate(labels):
        made[row].set_gt_label(label).set_metainfo({'sample_id': f'id{row}'})
    return made


def test_labels_and_whose_they_are():
    labels, owners = read_labels(samples(1, [0, 2], [], 3), [1, 2, 3], 4)
    assert labels.tolist() == [0, 2, 3]
    assert owners.tolist() == [0, 0, 2]


def test_many_hot():
    got = read_many_hot(samples(1, [0, 2], []), [2, 1, 0], 3)
    assert got.tolist() == [[0, 0, 0], [1, 0, 1], [0, 1, 0]]
    assert read_many_hot([], [], 3).shape == (0, 3)


def test_scores():
    given = samples(0, 0)
    for sample in given:
        sample.set_gt_score([0.5, 1.0])
    assert read_scores(given, [1], 2).tolist() == [[0.5, 1.0]]
    with pytest.raises(ValueError, match=r"each of 3 classes.* 'id0'"):
        read_scores(given, [0], 3)
    given[1].set_gt_score([0.0, -1.0])
    with pytest.raises(ValueError, match=r"\[0, 1\], got .* 'id1'"):
        read_scores(given, [0, 1], 2)


@pytest.mark.parametrize('label', [3, -1, [0, 7]])
def test_labels_that_cannot_be(label):
    with pytest.raises(ValueError, match=r"of 3 classes, got .* 'id1'"):
        read_labels(samples(0, label), [0, 1], 3)
