from collections import Counter

import pytest

from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.splits import parse_ratios, split_samples

RATIOS = {'train': 0.7, 'val': 0.2, 'test': 0.1}


def samples_of(labels, groups=None):
    groups = groups or [None] * len(labels)
    return [
        SampleAnnotation(str(i), group=group, label=label)
        for i, (label, group) in enumerate(zip(labels, groups, strict=True))
    ]


def test_every_sample_is_in_one_split():
    samples = samples_of([i % 3 for i in range(50)])
    parts = split_samples(samples, RATIOS)
    assert list(parts) == list(RATIOS)
    assert sorted(i for part in parts.values() for i in part) == [*range(50)]
    assert all(part == sorted(part) for part in parts.values())


def test_each_label_is_divided_by_the_ratios():
    samples = samples_of([i % 10 for i in range(1000)])
    parts = split_samples(samples, RATIOS, seed=3)
    for name, share in RATIOS.items():
        counts = Counter(samples[i].label for i in parts[name])
        assert counts == dict.fromkeys(range(10), round(100 * share))


def test_rare_labels_keep_the_sizes_right():
    samples = samples_of([i % 10 for i in range(30)])
    sizes = [len(part) for part in split_samples(samples, RATIOS).values()]
    assert sizes == pytest.approx([21, 6, 3], abs=1)


def test_unlabelled_samples_are_a_stratum():
    samples = samples_of([None] * 50 + [0] * 50)
    parts = split_samples(samples, {'a': 0.5, 'b': 0.5})
    for part in parts.values():
        assert Counter(samples[i].label for i in part) == {None: 25, 0: 25}


@pytest.mark.parametrize('seed', range(5))
def test_groups_stay_whole(seed):
    labels = [i % 10 for i in range(500)]
    groups = [f's{i // 10 % 5}' for i in range(500)]
    samples = samples_of(labels, groups)
    parts = split_samples(samples, RATIOS, seed)
    owners = [{samples[i].group for i in part} for part in parts.values()]
    assert [len(owner) for owner in owners] == [3, 1, 1]
    assert len(set.union(*owners)) == 5


def test_uneven_groups_come_near_the_ratios():
    sizes = [3 + (7 * k) % 23 for k in range(60)]
    groups = [str(k) for k, size in enumerate(sizes) for _ in range(size)]
    labels = [(int(g) + i) % 4 for i, g in enumerate(groups)]
    samples = samples_of(labels, groups)
    parts = split_samples(samples, RATIOS)
    totals = Counter(labels)
    for name, share in RATIOS.items():
        counts = Counter(samples[i].label for i in parts[name])
        for label, total in totals.items():
            assert counts[label] / total == pytest.approx(share, abs=0.04)


def test_the_seed_decides():
    samples = samples_of([0] * 100)
    first = split_samples(samples, RATIOS, seed=1)
    assert split_samples(samples, RATIOS, seed=1) == first
    assert split_samples(samples, RATIOS, seed=2) != first


def test_no_split_is_left_empty():
    parts = split_samples(samples_of([0, 0, 0]), RATIOS)
    assert [len(part) for part in parts.values()] == [1, 1, 1]
    with pytest.raises(ValueError, match=r'1 group\(s\) can not fill 3'):
        split_samples(samples_of([0, 1], ['g', 'g']), RATIOS)


@pytest.mark.parametrize(
    ('items', 'reason'),
    [
        (['train'], 'train'),
        (['train=x', 'val=1'], 'train=x'),
        (['=1'], 'NAME=SHARE'),
        (['train=0', 'val=1'], 'above'),
        (['train=0.5', 'train=0.5'], 'once'),
        (['train=0.7', 'val=0.2'], 'add up to 1'),
        ([], 'add up to 1'),
    ],
)
def test_bad_ratios_are_refused(items, reason):
    with pytest.raises(ValueError, match=reason):
        parse_ratios(items)


def test_ratios_are_checked_here_too():
    with pytest.raises(ValueError, match='add up to 1'):
        split_samples(samples_of([0]), {'a': 0.5})
