"""Dividing samples into splits: stratified by label, groups kept whole."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from trimodal.datasets.annotation_types import SampleAnnotation

_UNLABELLED = -1
# Where a label is so rare that its share of a split rounds to nothing, the
# size of the split as a whole has to pull harder than the label.
_SIZE_WEIGHT = 3.0


def parse_ratios(items: Sequence[str]) -> dict[str, float]:
    """Read ``NAME=SHARE`` items of a command line.

    Args:
        items (Sequence[str]): E.g. ``['train=0.7', 'val=0.3']``.

    Returns:
        dict[str, float]: Share by split, in the order given.

    Raises:
        ValueError: If an item can't be read, a name comes twice, a share is
            not positive, or the shares don't add up to 1.

    Examples:
        >>> parse_ratios(['train=0.7', 'val=0.3'])
        {'train': 0.7, 'val': 0.3}
    """
    ratios: dict[str, float] = {}
    for item in items:
        name, _, share = item.partition('=')
        try:
            value = float(share)
        except ValueError:
            value = 0.0
        if not name or name in ratios or not value > 0:
            raise ValueError(
                f'split ratio {item!r} must be NAME=SHARE with a share above '
                '0 and a name that comes once, e.g. train=0.7'
            )
        ratios[name] = value
    _check_sum(ratios)
    return ratios


def split_samples(
    samples: Sequence[SampleAnnotation],
    ratios: Mapping[str, float],
    seed: int = 0,
) -> dict[str, list[int]]:
    """Divide samples into splits.

    Groups are placed one after the other, large ones first, each into the
    split that lacks most of what the group holds: counted once by label and
    once over all samples. A sample without a group is a group of its own, and
    samples without a label make a stratum of their own. No split is left
    empty.

    Args:
        samples (Sequence[SampleAnnotation]): What to divide.
        ratios (Mapping[str, float]): Share by split; they add up to 1.
        seed (int): Of the order among groups of the same size. Defaults
            to 0.

    Returns:
        dict[str, list[int]]: Positions in ``samples`` by split, rising.

    Raises:
        ValueError: If the ratios don't add up to 1, or there are fewer
            groups than splits.
    """
    _check_sum(ratios)
    units = _units(samples, seed)
    if len(units) < len(ratios):
        raise ValueError(
            f'{len(units)} group(s) can not fill {len(ratios)} splits '
            f'({", ".join(ratios)}): a group is never divided'
        )
    labels = [_stratum(sample) for sample in samples]
    totals = Counter(labels)
    needs = {
        name: {label: share * count for label, count in totals.items()}
        for name, share in ratios.items()
    }
    result: dict[str, list[int]] = {name: [] for name in ratios}
    for left, unit in zip(range(len(units), 0, -1), units, strict=True):
        holds = Counter(labels[index] for index in unit)
        empty = [name for name in result if not result[name]]
        names = empty if left <= len(empty) else list(result)
        best = max(
            names,
            key=lambda name: _lack(needs[name], holds, totals, len(samples)),
        )
        result[best] += unit
        for label, count in holds.items():
            needs[best][label] -= count
    return {name: sorted(indices) for name, indices in result.items()}


def _check_sum(ratios: Mapping[str, float]) -> None:
    total = sum(ratios.values())
    if abs(total - 1) > 1e-6 or min(ratios.values(), default=0) <= 0:
        raise ValueError(
            f'split ratios {dict(ratios)} must be above 0 and add up to 1, '
            f'not {total:g}'
        )


def _stratum(sample: SampleAnnotation) -> int:
    return _UNLABELLED if sample.label is None else sample.label


def _units(samples: Sequence[SampleAnnotation], seed: int) -> list[list[int]]:
    """Positions of each group's samples, large groups first."""
    groups: dict[str | int, list[int]] = {}
    for index, sample in enumerate(samples):
        key = index if sample.group is None else sample.group
        groups.setdefault(key, []).append(index)
    units = list(groups.values())
    order = np.random.default_rng(seed).permutation(len(units))
    return sorted((units[i] for i in order), key=len, reverse=True)


def _lack(
    needs: Mapping[int, float],
    holds: Mapping[int, int],
    totals: Mapping[int, int],
    num_samples: int,
) -> float:
    """How much a split still lacks of what a group holds."""
    size = sum(holds.values())
    by_label = sum(
        count * needs[label] / totals[label] for label, count in holds.items()
    )
    overall = sum(needs.values()) / num_samples
    return by_label / size + _SIZE_WEIGHT * overall
