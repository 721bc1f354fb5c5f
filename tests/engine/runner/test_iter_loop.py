"""Training by iterations: batches and epochs, resumed, with workers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler, InfiniteSampler
from torch.utils.data import DataLoader

from tests.engine.hooks.test_random_state_hook import (
    BY_ITERATIONS,
    WORKERS,
    assert_same,
    run,
)
from tests.engine.toy import ToyDataset
from trimodal.engine.runner.iter_loop import _Batches

KILL = """
custom_hooks += [dict(type='KillHook', stage='after_train_iter', epoch=0,
                      iteration=12)]
"""
PARTS = ('state_dict', 'ema_state_dict', 'optimizer', 'random_state')
FINITE = "train_dataloader['sampler']['type'] = 'DefaultSampler'\n"


class Told(ToyDataset):
    """Gives what it is asked for: index and epoch."""

    def __getitem__(self, index: Any) -> tuple[int, int]:
        return int(index), index.epoch


def loader(sampler: str, workers: int = 0, size: int = 10) -> DataLoader:
    dataset = Told(size)
    kind = {'finite': DefaultSampler, 'endless': InfiniteSampler}[sampler]
    return DataLoader(
        dataset,
        batch_size=3,
        sampler=kind(dataset, shuffle=True, seed=3),
        num_workers=workers,
        collate_fn=list,
        drop_last=sampler == 'endless',
    )


def taken(sampler: str, count: int, skip: int = 0, workers: int = 0) -> list:
    batches = _Batches(loader(sampler, workers))
    batches.pass_over(skip)
    first = [next(batches) for _ in range(skip)]
    assert first == [None] * skip
    return [next(batches) for _ in range(count)]


@pytest.mark.parametrize('sampler', ['finite', 'endless'])
def test_the_batches_are_those_of_plain_loaders(sampler: str):
    plain = loader(sampler)
    length = len(plain)
    expected: list[Any] = []
    if sampler == 'finite':
        for epoch in range(3):
            plain.sampler.set_epoch(epoch)
            expected += list(plain.batch_sampler)
    else:
        stream = iter(plain.batch_sampler)
        expected = [next(stream) for _ in range(3 * length)]
    batches = taken(sampler, 3 * length)
    assert [[i for i, _ in batch] for batch in batches] == expected
    epochs = [{epoch for _, epoch in batch} for batch in batches]
    assert epochs == [{n // length} for n in range(3 * length)]


@pytest.mark.parametrize('workers', [0, 2])
@pytest.mark.parametrize('sampler', ['finite', 'endless'])
def test_passed_over_is_as_if_taken(sampler: str, workers: int):
    straight = taken(sampler, 11)
    for skip in (1, 4, 5, 8):
        assert taken(sampler, 11 - skip, skip, workers) == straight[skip:]


def test_what_is_passed_over_is_not_loaded():
    class Broken(Told):
        def __getitem__(self, index: Any) -> int:
            assert index >= 6
            return int(index)

    dataset = Broken(9)
    sampler = InfiniteSampler(dataset, shuffle=False, seed=0)
    batches = _Batches(DataLoader(dataset, 3, sampler=sampler))
    batches.pass_over(2)
    assert [next(batches) for _ in range(2)] == [None, None]
    assert next(batches).tolist() == [6, 7, 8]


@pytest.fixture(scope='module')
def straight(tmp_path_factory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp('straight')
    return {
        extra: torch.load(
            run(folder, name, BY_ITERATIONS + extra) / 'iter_20.pth'
        )
        for name, extra in {'endless': '', 'finite': FINITE}.items()
    }


@pytest.mark.parametrize(
    ('workers', 'extra'),
    [
        ('no_workers', ''),
        ('no_workers', FINITE),
        ('workers', ''),
        ('persistent', ''),
        ('persistent', FINITE),
    ],
)
def test_resume_is_exact(
    tmp_path: Path, straight: dict[str, Any], workers: str, extra: str
):
    """Killed in iteration 13 (6 a pass), resumed from 10."""
    setup = BY_ITERATIONS + WORKERS[workers] + extra
    work = run(tmp_path, 'killed', setup + KILL, work='w')
    assert not (work / 'iter_15.pth').exists()
    np.random.seed(7), torch.manual_seed(8)
    run(tmp_path, 'resumed', setup, work='w', resume='auto')
    ours, theirs = torch.load(work / 'iter_20.pth'), straight[extra]
    for part in PARTS:
        assert_same(ours[part], theirs[part], part)
