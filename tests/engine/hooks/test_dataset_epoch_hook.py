"""The epoch reaches the data set, through wrappers and by iterations."""

from types import SimpleNamespace
from typing import Any

from mmengine.dataset import BaseDataset, RepeatDataset
from mmengine.runner import IterBasedTrainLoop
from torch.utils.data import ConcatDataset

from trimodal.engine.hooks import DatasetEpochHook


class Recorder(BaseDataset):
    """A data set that remembers the epochs it was told."""

    def __init__(self) -> None:
        super().__init__(serialize_data=False)
        self.epochs: list[int] = []

    def load_data_list(self) -> list[dict]:
        return [{'x': 0}] * 6

    def set_epoch(self, epoch: int) -> None:
        self.epochs.append(epoch)


class Loader(SimpleNamespace):
    def __len__(self) -> int:
        return 3


def runner_with(dataset: Any, loop: Any = None, **state: int) -> Any:
    loader = Loader(dataset=dataset)
    return SimpleNamespace(train_dataloader=loader, train_loop=loop, **state)


def test_seed_of_the_run_is_added():
    dataset, hook = Recorder(), DatasetEpochHook()
    dataset.seed = 100
    for seed in (3, 3, 4):  # not once more for each training
        hook.before_train(runner_with(dataset, seed=seed))
        assert dataset.seed == 100 + seed
    DatasetEpochHook().before_train(runner_with(Recorder(), seed=3))


def test_epochs():
    dataset, hook = Recorder(), DatasetEpochHook()
    for epoch in range(3):
        runner = runner_with(dataset, epoch=epoch, iter=3 * epoch)
        hook.before_train_epoch(runner)
        hook.after_train_iter(runner, 2)
    assert dataset.epochs == [0, 1, 2]


def test_iterations_count_passes_over_the_data():
    dataset, hook = Recorder(), DatasetEpochHook()
    loop = IterBasedTrainLoop.__new__(IterBasedTrainLoop)
    hook.before_train_epoch(runner_with(dataset, loop, epoch=0, iter=4))
    for iteration in range(4, 10):
        runner = runner_with(dataset, loop, epoch=0, iter=iteration)
        hook.after_train_iter(runner, iteration)
    assert dataset.epochs == [1, 2, 3]


def test_wrappers():
    first, second, plain = Recorder(), Recorder(), SimpleNamespace()
    dataset = ConcatDataset([RepeatDataset(first, 2), second])
    DatasetEpochHook().before_train_epoch(runner_with(dataset, epoch=4))
    assert first.epochs == second.epochs == [4]
    # A data set that knows no epochs is left alone.
    DatasetEpochHook().before_train_epoch(runner_with(plain, epoch=4))
