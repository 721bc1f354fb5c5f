"""Training by iterations that a resume continues exactly, also with workers.

Workers read ahead: when a batch is asked for, later ones are being made. So
what a batch depends on, its samples and its epoch, is decided where batches
are numbered, in the sampler, and goes to the worker with the indices.
"""

from collections.abc import Iterator
from typing import Any

from mmengine.dataset import InfiniteSampler
from mmengine.runner import IterBasedTrainLoop as _IterBasedTrainLoop
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader

from trimodal.datasets.seeding import RepeatedIndex
from trimodal.registry import LOOPS


@LOOPS.register_module()
class IterBasedTrainLoop(_IterBasedTrainLoop):
    """mmengine's, with three differences.

    A resumed run gets the batches that a run never stopped gets, whatever
    the number of workers; it does not load those that it passes over; and
    the workers start when the hooks have prepared the data set for training.
    ``tools/train.py`` takes it for every run by iterations.

    Args:
        runner (Runner): The runner.
        dataloader (DataLoader | dict): Loader of the training set or its
            config.
        max_iters (int): Iterations in all.
        val_begin (int): The first iteration to validate at. Defaults to 1.
        val_interval (int): Validate every so many. Defaults to 1000.
        dynamic_intervals (list[tuple[int, int]] | None): From which
            iteration on to validate how often. Defaults to None.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        max_iters: int,
        val_begin: int = 1,
        val_interval: int = 1000,
        dynamic_intervals: list[tuple[int, int]] | None = None,
    ) -> None:
        loader = dataloader
        if isinstance(loader, dict):
            own = runner._randomness_cfg.get('diff_rank_seed', False)
            loader = runner.build_dataloader(
                loader, seed=runner.seed, diff_rank_seed=own
            )
        super().__init__(
            runner,
            _NotYet(loader),  # type: ignore[arg-type]
            max_iters,
            val_begin,
            val_interval,
            dynamic_intervals,
        )
        self.dataloader = loader
        self.dataloader_iterator = _Batches(loader)

    def run(self) -> nn.Module:
        """Train; the parent asks for the batches of before first."""
        self.dataloader_iterator.pass_over(self._iter)
        return super().run()


class _NotYet:
    """A loader whose workers the parent's constructor does not start."""

    def __init__(self, loader: DataLoader) -> None:
        self.dataset = loader.dataset

    def __iter__(self) -> Iterator[Any]:
        return iter(())


class _Batches:
    """The batches of pass after pass.

    Args:
        loader (DataLoader): With a finite sampler or an infinite one.
    """

    def __init__(self, loader: DataLoader) -> None:
        self._loader = loader
        self._iterator: Iterator[Any] | None = None
        self._to_pass_over = self._position = 0

    def pass_over(self, count: int) -> None:
        """Give None in place of the next ``count`` batches."""
        self._to_pass_over = count

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._to_pass_over:
            self._to_pass_over -= 1
            self._position += 1
            return None
        if self._iterator is None:
            self._iterator = self._begin()
        try:
            batch = next(self._iterator)
        except StopIteration:
            self._iterator = self._begin()
            batch = next(self._iterator)
        self._position += 1
        return batch

    def _begin(self) -> Iterator[Any]:
        """Begin a pass at the present batch."""
        batches = _numbered(self._loader)
        for sampler in (self._loader.sampler, _sampler(batches)):
            if hasattr(sampler, 'set_epoch'):
                sampler.set_epoch(self._position // max(1, len(batches)))
        batches.begin_at(self._position)
        return iter(self._loader)


class _NumberedBatches:
    """A batch sampler that begins anywhere, and tells indices their epoch.

    Args:
        batches (Any): The batch sampler.
    """

    def __init__(self, batches: Any) -> None:
        self._batches = batches
        self.begin_at(0)

    def begin_at(self, number: int) -> None:
        """Let the next iteration begin with this batch of all passes."""
        self._first = number

    def __getattr__(self, name: str) -> Any:
        if name == '_batches':  # of a copy that is being made
            raise AttributeError(name)
        return getattr(self._batches, name)

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[list[int]]:
        length = max(1, len(self))
        number = self._first
        endless = isinstance(_sampler(self._batches), InfiniteSampler)
        skipped = number if endless else number % length
        for index, batch in enumerate(self._batches):
            if index < skipped:
                continue
            epoch = number // length
            yield [RepeatedIndex.of_epoch(i, epoch) for i in batch]
            number += 1


def _sampler(batches: Any) -> Any:
    return getattr(batches, 'sampler', None)


def _numbered(loader: DataLoader) -> _NumberedBatches:
    """Number a loader's batches, once."""
    batches = loader.batch_sampler
    if not isinstance(batches, _NumberedBatches):
        batches = _NumberedBatches(batches)
        # DataLoader forbids the plain assignment.
        vars(loader)['batch_sampler'] = batches
    return batches
