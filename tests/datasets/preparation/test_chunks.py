import numpy as np

from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.preparation.base import Problem
from trimodal.datasets.preparation.chunks import ChunkStore, PreparedSample

FINGERPRINT = '0123456789abcdef0123'


def sample(name):
    return PreparedSample(
        SampleAnnotation(name),
        {'speech': {'data': np.arange(3)}, 'image': None},
        [Problem(name, 'image', 'a.png', 'unreadable', 'broken')],
    )


def test_chunks_come_back_in_order(tmp_path):
    store = ChunkStore(tmp_path, 'train', FINGERPRINT)
    assert not store.has(0)
    store.save(1, [sample('c')])
    store.save(0, [sample('a'), sample('b')])
    assert store.has(0)
    loaded = list(store.load(2))
    assert [item.annotation.id for item in loaded] == ['a', 'b', 'c']
    np.testing.assert_array_equal(
        loaded[0].arrays['speech']['data'], [0, 1, 2]
    )
    assert loaded[2].problems == sample('c').problems


def test_chunks_outlive_the_run_but_not_a_change(tmp_path):
    ChunkStore(tmp_path, 'train', FINGERPRINT).save(0, [sample('a')])
    assert ChunkStore(tmp_path, 'train', FINGERPRINT).has(0)
    assert not ChunkStore(tmp_path, 'train', 'f' * 20).has(0)
    assert not ChunkStore(tmp_path, 'val', FINGERPRINT).has(0)


def test_an_unfinished_chunk_is_none(tmp_path):
    store = ChunkStore(tmp_path, 'train', FINGERPRINT)
    (store.folder / '.000000-123').write_bytes(b'half')
    assert not store.has(0)


def test_removing_takes_old_runs_too_and_no_other_file(tmp_path):
    names = ['train', 'train-00000-of-00002', 'val']
    for name in names:
        ChunkStore(tmp_path, name, FINGERPRINT).save(0, [sample('a')])
    old = ChunkStore(tmp_path, 'train', 'f' * 20)
    ChunkStore(tmp_path, 'train', FINGERPRINT).remove()
    assert not old.folder.exists()
    left = sorted(folder.name for folder in old.parent.iterdir())
    assert left == [f'{name}-{FINGERPRINT[:16]}' for name in names[1:]]
    for name in names[1:]:
        ChunkStore(tmp_path, name, FINGERPRINT).remove()
    assert not old.parent.exists()
