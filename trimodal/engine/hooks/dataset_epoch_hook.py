"""Tells the train data set which epoch it is."""

from collections.abc import Iterator
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import IterBasedTrainLoop, Runner

from trimodal.registry import HOOKS


def datasets_with_epoch(dataset: Any) -> Iterator[Any]:
    """Find the data sets inside wrappers that have a ``set_epoch``.

    Args:
        dataset (Any): A data set, or a wrapper with ``dataset`` or
            ``datasets`` such as mmengine's.

    Yields:
        Any: Each data set whose augmentation depends on the epoch.
    """
    if hasattr(dataset, 'set_epoch'):
        yield dataset
        return
    inner = getattr(dataset, 'datasets', [getattr(dataset, 'dataset', None)])
    for item in inner:
        if item is not None:
            yield from datasets_with_epoch(item)


@HOOKS.register_module()
class DatasetEpochHook(Hook):
    """Calls ``set_epoch`` of the train data set before each epoch.

    Augmentation draws from a generator seeded by (seed, epoch, index), so
    each epoch sees other variants and a resumed run the same ones. In a run
    by iterations one pass over the data counts as an epoch. The run's seed
    is added to the data set's, so that ``--seed`` changes augmentation too.
    """

    def __init__(self) -> None:
        self._own_seeds: dict[int, int] = {}

    def before_train(self, runner: Runner) -> None:
        """Set the seed, before workers are started."""
        for dataset in datasets_with_epoch(runner.train_dataloader.dataset):
            seed = getattr(dataset, 'seed', None)
            if isinstance(seed, int):
                own = self._own_seeds.setdefault(id(dataset), seed)
                dataset.seed = own + runner.seed

    def before_train_epoch(self, runner: Runner) -> None:
        """Set the epoch that begins."""
        if isinstance(runner.train_loop, IterBasedTrainLoop):
            self._set_epoch(runner, runner.iter)
        else:
            self._set_epoch(runner, runner.epoch * self._batches(runner))

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """In a run by iterations, begin the next pass when one is over."""
        done = runner.iter + 1
        by_iter = isinstance(runner.train_loop, IterBasedTrainLoop)
        if by_iter and done % self._batches(runner) == 0:
            self._set_epoch(runner, done)

    def _batches(self, runner: Runner) -> int:
        return max(1, len(runner.train_dataloader))

    def _set_epoch(self, runner: Runner, batches_done: int) -> None:
        epoch = batches_done // self._batches(runner)
        for dataset in datasets_with_epoch(runner.train_dataloader.dataset):
            dataset.set_epoch(epoch)
