import os
import shutil

import pytest

from tests.datasets.preparation.plugin import ReadingsPreparer, write_imu
from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.preparation.chunks import ChunkStore
from trimodal.datasets.preparation.workers import Setup, WorkerPool


def run(tmp_path, texts, workers=2, size=2, preparer=None):
    """Prepare files of these texts; the samples, and the counts yielded."""
    raw = write_imu(tmp_path / 'in', texts)
    samples = [
        SampleAnnotation(item['id'], media={'imu_path': item['imu_path']})
        for item in raw
    ]
    chunks = [
        (index, samples[start : start + size])
        for index, start in enumerate(range(0, len(samples), size))
    ]
    store = ChunkStore(tmp_path / 'out', 'train', 'f' * 20)
    preparers = {'imu': preparer or ReadingsPreparer()}
    setup = Setup(preparers, tmp_path / 'in', store)
    counts = list(WorkerPool(setup, workers).run(chunks))
    return list(store.load(len(chunks))), counts


def test_chunks_are_prepared_by_processes(tmp_path):
    texts = [str(i) for i in range(7)]
    samples, counts = run(tmp_path, texts, preparer=ReadingsPreparer(10))
    assert sorted(counts) == [1, 2, 2, 2]
    values = [s.arrays['imu']['data'].tolist() for s in samples]
    assert values == [[10 * i] for i in range(7)]


def test_a_file_that_ends_processes_is_left_out(tmp_path):
    texts = ['0', 'crash', '2', '3', '4', 'exit', '6', 'crash once']
    samples, counts = run(tmp_path, texts)
    assert sum(counts) == 8
    lost = {s.annotation.id: s.problems for s in samples if s.problems}
    assert list(lost) == ['s01', 's05']
    assert lost['s01'][0].reason == (
        'the process that read it was killed by SIGSEGV'
    )
    assert lost['s05'][0].reason == (
        'the process that read it ended with status 7'
    )
    assert samples[7].arrays['imu']['data'].tolist() == [1, 2, 3]
    assert samples[1].arrays == {'imu': None}


class Careless(ReadingsPreparer):
    """Removes the folder that its results are to go to."""

    def __call__(self, path, field, annotation):
        shutil.rmtree(path.parents[1] / 'out')
        return super().__call__(path, field, annotation)


def test_an_error_of_ours_ends_the_run(tmp_path):
    with pytest.raises(RuntimeError, match=r'(?s)a worker failed.*No such'):
        run(tmp_path, ['1'], preparer=Careless())


class Deadly(ReadingsPreparer):
    """Ends the process that unpickles it."""

    def __setstate__(self, state):
        os._exit(3)


def test_a_worker_that_can_not_start_ends_the_run(tmp_path):
    with pytest.raises(RuntimeError, match='status 3 before it read'):
        run(tmp_path, ['1'], preparer=Deadly())


def test_nothing_to_do_starts_nothing(tmp_path):
    assert run(tmp_path, []) == ([], [])
