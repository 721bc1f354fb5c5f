"""A sampler that shows rare classes as often as common ones."""

import math
from collections.abc import Iterator, Sized
from typing import Any

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from trimodal.datasets.seeding import RepeatedIndex
from trimodal.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class ClassBalancedSampler(Sampler[int]):
    """Draws each class in proportion to ``count ** (1 - balance)``.

    Within a class every sample comes up equally often, but for one; which
    ones come once more, and the order, is drawn anew in each epoch. Samples
    without a label keep their share of the epoch. An index that comes up
    again in an epoch is a :class:`RepeatedIndex`, for which a data set of
    trimodal makes another augmentation.

    All processes compute the same list from seed and epoch alone, and each
    takes its part: the list does not depend on their number, and a resumed
    run goes on as if it had never stopped.

    Args:
        dataset (Sized): A data set with ``gt_labels()``, mmengine's
            ``ConcatDataset`` or ``RepeatDataset`` of such, or one with
            ``get_cat_ids(i)`` that gives one class or none.
        balance (float): 1 for equal shares, 0 for those of the data.
            Defaults to 1.0.
        num_samples (int | None): Length of an epoch, over all processes.
            None for that of the data set. Defaults to None.
        seed (int | None): The same in all processes; None lets them agree
            on one. Defaults to None.
        round_up (bool): Add samples until every process has as many.
            Defaults to True.

    Raises:
        ValueError: If ``balance`` is outside [0, 1], ``num_samples`` below 1
            or no sample has a label.
        TypeError: If the data set does not tell its labels.

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.samplers import ClassBalancedSampler
        >>> class Data(list):
        ...     def gt_labels(self):
        ...         return np.array([0, 0, 0, 0, 0, 1])
        >>> sampler = ClassBalancedSampler(Data(range(6)), seed=0)
        >>> drawn = [int(i) for i in sampler]
        >>> drawn.count(5)
        3
    """

    def __init__(
        self,
        dataset: Sized,
        balance: float = 1.0,
        num_samples: int | None = None,
        seed: int | None = None,
        round_up: bool = True,
    ) -> None:
        if not 0 <= balance <= 1:
            raise ValueError(f'balance must be in [0, 1], got {balance}')
        if num_samples is not None and num_samples < 1:
            raise ValueError(
                f'num_samples must be 1 or more or None, got {num_samples}'
            )
        labels = labels_of(dataset)
        if not (labels >= 0).any():
            raise ValueError('no sample of the data set has a label')
        self.seed: int = sync_random_seed() if seed is None else seed
        self.epoch = 0
        self.rank, self.world_size = get_dist_info()
        count = num_samples or len(labels)
        self.total_size = count
        if round_up:
            self.total_size = (
                math.ceil(count / self.world_size) * self.world_size
            )
        _, classes = np.unique(labels, return_inverse=True)
        # The members of each class, one class after the other.
        order = np.argsort(classes, kind='stable')
        self._members = np.split(order, np.cumsum(np.bincount(classes))[:-1])
        self._quotas = _quotas(
            labels, np.bincount(classes), balance, self.total_size
        )

    def __iter__(self) -> Iterator[int]:
        """Give this process's part of the epoch."""
        rng = np.random.default_rng((self.seed, self.epoch))
        drawn, repeats = [], []
        for members, quota in zip(self._members, self._quotas, strict=True):
            drawn.append(np.resize(rng.permutation(members), quota))
            repeats.append(np.arange(quota) // len(members))
        order = rng.permutation(self.total_size)
        mine = order[self.rank :: self.world_size]
        indices = np.concatenate(drawn)[mine]
        again = np.concatenate(repeats)[mine]
        for index, repeat in zip(indices, again, strict=True):
            index = int(index)
            yield RepeatedIndex.of(index, int(repeat)) if repeat else index

    def __len__(self) -> int:
        """Number of samples for this process."""
        return math.ceil((self.total_size - self.rank) / self.world_size)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next."""
        self.epoch = epoch


def _quotas(
    labels: np.ndarray, counts: np.ndarray, balance: float, total: int
) -> np.ndarray:
    """How often to draw from each class: whole numbers that sum to total.

    The first class is that of the samples without a label, if there are any.
    """
    shares = counts / counts.sum()
    labelled = slice(1 if (labels < 0).any() else 0, None)
    weights = counts[labelled] ** (1.0 - balance)
    shares[labelled] = weights / weights.sum() * shares[labelled].sum()
    exact = shares * total
    quotas = np.floor(exact).astype(int)
    # The largest remainders get what is left.
    left = total - quotas.sum()
    quotas[np.argsort(quotas - exact, kind='stable')[:left]] += 1
    return quotas


def labels_of(dataset: Any) -> np.ndarray:
    """The label of every sample.

    Args:
        dataset (Any): See :class:`ClassBalancedSampler`.

    Returns:
        np.ndarray: int64 ``[N]``, -1 where there is none.

    Raises:
        TypeError: If the data set does not tell, or a sample has several.
    """
    if hasattr(dataset, 'gt_labels'):
        labels = np.asarray(dataset.gt_labels())
    elif hasattr(dataset, 'datasets'):
        labels = np.concatenate([labels_of(d) for d in dataset.datasets])
    elif hasattr(dataset, 'times'):
        labels = np.tile(labels_of(dataset.dataset), dataset.times)
    elif hasattr(dataset, 'get_cat_ids'):
        labels = np.array([_only(dataset, i) for i in range(len(dataset))])
    else:
        raise TypeError(
            f'{type(dataset).__name__} has neither gt_labels() nor '
            'get_cat_ids(i): it does not tell its labels'
        )
    # mmengine's num_batch_per_epoch cuts a data set short from outside.
    return labels[: len(dataset)]


def _only(dataset: Any, i: int) -> int:
    found = dataset.get_cat_ids(i)
    if len(found) > 1:
        raise TypeError(f'sample {i} is of several classes, {found}')
    return found[0] if found else -1
