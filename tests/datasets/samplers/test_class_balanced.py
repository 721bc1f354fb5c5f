from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from mmengine.dataset import ConcatDataset, RepeatDataset

from tests.datasets.test_base import ToyDataset
from trimodal.datasets.samplers import ClassBalancedSampler, class_balanced
from trimodal.datasets.samplers.class_balanced import labels_of
from trimodal.registry import DATA_SAMPLERS


class Labelled(list):
    def gt_labels(self) -> np.ndarray:
        return np.array(self)


SKEWED = Labelled([0] * 90 + [1] * 9 + [2])


def counts(sampler: ClassBalancedSampler, labels: list[int]) -> Counter:
    return Counter(labels[i] for i in sampler)


def test_classes_come_equally_often():
    sampler = ClassBalancedSampler(SKEWED, seed=0)
    assert len(sampler) == 100
    assert counts(sampler, SKEWED) in (
        {0: 34, 1: 33, 2: 33},
        {0: 33, 1: 34, 2: 33},
        {0: 33, 1: 33, 2: 34},
    )


def test_samples_of_a_class_come_equally_often():
    drawn = Counter(ClassBalancedSampler(SKEWED, seed=0, num_samples=300))
    assert {drawn[i] for i in range(90)} == {1, 2}
    assert {drawn[i] for i in range(90, 99)} == {11, 12}
    assert drawn[99] == 100


def test_balance():
    shares = ClassBalancedSampler(SKEWED, balance=0, seed=0)
    assert counts(shares, SKEWED) == {0: 90, 1: 9, 2: 1}
    # sqrt(90) : sqrt(9) : 1 = 9.487 : 3 : 1 of 1000.
    half = ClassBalancedSampler(SKEWED, 0.5, num_samples=1000, seed=0)
    assert counts(half, SKEWED) == {0: 703, 1: 223, 2: 74}


def test_samples_without_a_label_keep_their_share():
    labels = Labelled([-1] * 50 + [0] * 40 + [1] * 10)
    sampler = ClassBalancedSampler(labels, seed=0)
    assert counts(sampler, labels) == {-1: 50, 0: 25, 1: 25}


def test_repeats_are_counted():
    sampler = ClassBalancedSampler(SKEWED, seed=0)
    repeats = sorted(
        getattr(index, 'repeat', 0) for index in sampler if index == 99
    )
    assert repeats == [*range(len(repeats))]


def test_order_depends_on_seed_and_epoch_only():
    one, two = (ClassBalancedSampler(SKEWED, seed=5) for _ in range(2))
    first = [*one]
    assert first == [*one] == [*two]
    one.set_epoch(1)
    assert [*one] != first
    two.set_epoch(1)
    assert [*one] == [*two]
    assert [*ClassBalancedSampler(SKEWED, seed=6)] != first
    # Shuffled: the classes are not in blocks.
    labels = [SKEWED[i] for i in first]
    assert sum(a != b for a, b in pairwise(labels)) > 40


@pytest.mark.parametrize('world_size', [2, 3, 7])
@pytest.mark.parametrize('round_up', [True, False])
def test_processes_share_the_list(
    monkeypatch: pytest.MonkeyPatch, world_size: int, round_up: bool
):
    parts = []
    for rank in range(world_size):
        monkeypatch.setattr(
            class_balanced,
            'get_dist_info',
            lambda rank=rank: (rank, world_size),
        )
        sampler = ClassBalancedSampler(SKEWED, seed=1, round_up=round_up)
        parts.append([*sampler])
        assert len(parts[-1]) == len(sampler)
    lengths = {len(part) for part in parts}
    total = sum(len(part) for part in parts)
    if round_up:
        assert len(lengths) == 1
        assert total == -(-100 // world_size) * world_size
        return
    assert total == 100
    monkeypatch.setattr(class_balanced, 'get_dist_info', lambda: (0, 1))
    alone = [*ClassBalancedSampler(SKEWED, seed=1)]
    assert [
        parts[k % world_size][k // world_size] for k in range(100)
    ] == alone


def test_labels_of_data_sets():
    dataset = ToyDataset('x')
    assert labels_of(dataset).tolist() == [0, -1, 2, -1, 1, -1]
    joined = ConcatDataset([dataset, dataset.get_subset(2)])
    assert labels_of(joined).tolist() == [0, -1, 2, -1, 1, -1, 0, -1]
    repeated = RepeatDataset(dataset.get_subset([2]), times=3)
    assert labels_of(repeated).tolist() == [2, 2, 2]


def test_labels_by_cat_ids():
    class Other(list):
        def get_cat_ids(self, i: int) -> list[int]:
            return self[i]

    assert labels_of(Other([[1], [], [0]])).tolist() == [1, -1, 0]
    with pytest.raises(TypeError, match=r'sample 1 is of several .* \[0, 1\]'):
        labels_of(Other([[1], [0, 1]]))


def test_build_from_a_config():
    sampler = DATA_SAMPLERS.build(
        dict(type='ClassBalancedSampler', dataset=SKEWED, seed=None)
    )
    assert isinstance(sampler.seed, int)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(balance=1.5), r'balance must be in \[0, 1\], got 1.5'),
        (dict(num_samples=0), 'num_samples must be 1 or more .* got 0'),
        (dict(dataset=Labelled([-1])), 'no sample .* has a label'),
    ],
)
def test_refuses(arguments: dict, message: str):
    with pytest.raises(ValueError, match=message):
        ClassBalancedSampler(**{'dataset': SKEWED, 'seed': 0, **arguments})


def test_refuses_a_data_set_without_labels():
    with pytest.raises(TypeError, match='list has neither gt_labels'):
        ClassBalancedSampler([1, 2])
