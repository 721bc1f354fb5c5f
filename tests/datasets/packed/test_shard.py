import multiprocessing
import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.datasets.packed.samples import (
    MODALITIES,
    make_annotation,
    make_arrays,
)
from trimodal.datasets.packed import PackedWriter
from trimodal.datasets.packed.header import read_header
from trimodal.datasets.packed.shard import PackedShard, Stream


@pytest.fixture
def shard(tmp_path: Path) -> PackedShard:
    path = tmp_path / 'train.h5'
    with PackedWriter(path, MODALITIES, {}, {}) as writer:
        for i in range(6):
            writer.append(make_annotation(i), make_arrays(i))
    return PackedShard(read_header(path), ['image', 'speech'])


def maps_of(path: Path) -> int:
    """How often this process has the file mapped."""
    return Path('/proc/self/maps').read_text().count(str(path))


def check(shard: PackedShard) -> int:
    """Compare a sample; runs in other processes, too."""
    streams, table = shard.open()
    data = streams['speech'](4)['data']
    np.testing.assert_array_equal(data, make_arrays(4)['speech']['data'])
    assert table.annotation(4) == make_annotation(4)
    return maps_of(shard.header.path)


def test_reads_the_chosen_streams_in_order(shard: PackedShard):
    streams, _ = shard.open()
    assert [*streams] == ['image', 'speech']
    assert streams['speech'](1) is None
    assert streams['image'].present.tolist() == [1, 1, 1, 0, 1, 1]


def test_maps_once_when_first_needed(shard: PackedShard):
    path = shard.header.path
    assert maps_of(path) == 0
    assert check(shard) == 1
    assert check(shard) == 1


def test_views_are_zero_copy_and_read_only(shard: PackedShard):
    streams, _ = shard.open()
    one, two = (streams['image'](0)['data'] for _ in range(2))
    assert np.shares_memory(one, two)
    with pytest.raises(ValueError, match='read-only'):
        one[0] = 1


def test_pickles_small_and_without_the_mapping(shard: PackedShard):
    shard.open()
    pickled = pickle.dumps(shard)
    assert len(pickled) < 6000
    assert check(pickle.loads(pickled)) == 2  # beside the first


@pytest.mark.parametrize(
    ('method', 'opened'), [('fork', False), ('fork', True), ('spawn', True)]
)
def test_other_processes(shard: PackedShard, method: str, opened: bool):
    if opened:
        shard.open()
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply(check, (shard,)) >= 1
    check(shard)


def test_file_that_was_replaced(shard: PackedShard):
    path = shard.header.path
    path.write_bytes(path.read_bytes() + b'x')
    with pytest.raises(ValueError, match=r'train.h5 has changed since'):
        shard.open()


def test_offsets_that_end_elsewhere(shard: PackedShard):
    path = shard.header.path
    with h5py.File(path, 'a') as file:
        file['speech/offsets'][-1] += 1
    with pytest.raises(ValueError, match=r'/speech/data has \d+ rows, but'):
        PackedShard(read_header(path), ['speech']).open()


def test_stream_that_no_sample_has():
    offsets, present = np.zeros(3, int), np.zeros(2, bool)
    stream = Stream({'offsets': offsets, 'present': present})
    assert stream(0) is None
