"""A loader that stops after a few batches."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from torch.utils.data import DataLoader


class _FirstBatches:
    """The first ``count`` batches of a batch sampler."""

    def __init__(self, batch_sampler: Any, count: int) -> None:
        self.batch_sampler = batch_sampler
        # mmengine looks for both: its hook for the epoch, and FlexibleRunner.
        self.sampler = getattr(batch_sampler, 'sampler', None)
        self.batch_size = getattr(batch_sampler, 'batch_size', None)
        self.count = count

    def __iter__(self) -> Iterator[list[int]]:
        return islice(iter(self.batch_sampler), self.count)

    def __len__(self) -> int:
        return min(self.count, len(self.batch_sampler))


def first_batches(loader: DataLoader, count: int) -> DataLoader:
    """Limit a loader to its first batches, read without workers.

    Args:
        loader (DataLoader): Any loader with a batch sampler.
        count (int): How many batches, at least 1.

    Returns:
        DataLoader: A new loader over the same data set.

    Raises:
        ValueError: If ``count`` is below 1.
    """
    if count < 1:
        raise ValueError(f'count must be at least 1, got {count}')
    return DataLoader(
        loader.dataset,
        batch_sampler=_FirstBatches(loader.batch_sampler, count),  # type: ignore
        collate_fn=loader.collate_fn,
    )
