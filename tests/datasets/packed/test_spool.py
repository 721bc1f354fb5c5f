from io import BytesIO

import numpy as np
import pytest

from trimodal.datasets.packed import spool as module
from trimodal.datasets.packed.spool import Spool, StreamSpool, offsets_of


def stream() -> StreamSpool:
    return StreamSpool('gesture', lambda name: BytesIO())


def test_spool_gives_back_what_it_got(monkeypatch):
    monkeypatch.setattr(module, 'CHUNK_BYTES', 20)
    spool = Spool(BytesIO(), '>i2', (3,))
    rows = np.arange(21, dtype=np.int16).reshape(7, 3)
    for part in (rows[:1], rows[1:1], rows[1:]):
        spool.append(part)
    assert spool.shape == (7, 3)
    chunks = [*spool.chunks()]
    # 20 bytes hold three rows of six bytes.
    assert [len(chunk) for chunk in chunks] == [9, 9, 3]
    np.testing.assert_array_equal(np.concatenate(chunks), rows.ravel())
    assert spool.dtype.str == '<i2'


def test_a_row_larger_than_a_chunk(monkeypatch):
    monkeypatch.setattr(module, 'CHUNK_BYTES', 4)
    spool = Spool(BytesIO(), 'f8', (3,))
    spool.append(np.ones((2, 3)))
    assert [len(chunk) for chunk in spool.chunks()] == [3, 3]


def test_offsets():
    assert offsets_of(np.array([2, 0, 3])).tolist() == [0, 2, 2, 5]
    assert offsets_of(np.array([], int)).tolist() == [0]


def test_index_of_samples_alike_but_for_their_length():
    spool = stream()
    for length in (2, None, 3):
        data = None if length is None else {'data': np.ones((length, 5))}
        spool.append(data)
    index = spool.index()
    assert set(index) == {'present', 'offsets'}
    assert index['present'].tolist() == [True, False, True]
    assert index['offsets'].tolist() == [0, 2, 2, 5]


def test_index_of_samples_of_other_shapes():
    spool = stream()
    for shape in ((2, 5), None, (1, 3)):
        spool.append(
            None
            if shape is None
            else {'data': np.ones(shape), 'score': np.ones(shape[0])}
        )
    index = spool.index()
    assert index['offsets'].tolist() == [0, 10, 10, 13]
    assert index['rows'].tolist() == [0, 2, 2, 3]
    assert index['shape'].tolist() == [[2, 5], [0, 0], [1, 3]]


def test_index_without_any_sample():
    spool = stream()
    assert spool.index()['offsets'].tolist() == [0]
    spool.append(None)
    assert spool.index()['present'].tolist() == [False]


@pytest.mark.parametrize(
    ('arrays', 'message'),
    [
        ({'score': np.ones(2)}, "no 'data'"),
        ({'data': np.ones((2, 3))}, 'must be the same'),
        (
            {'data': np.ones((2, 3), 'f4'), 'score': np.ones(2)},
            'is float32, earlier samples are float64',
        ),
        (
            {'data': np.ones(2), 'score': np.ones(2)},
            'has 1 dimensions, earlier samples have 2',
        ),
        (
            {'data': np.ones((2, 3)), 'score': np.ones(1)},
            'the first as long as that of data',
        ),
        (
            {'data': np.ones((2, 3)), 'score': np.ones((2, 1))},
            r'rows of shape \(1,\), earlier samples have \(\)',
        ),
        (
            {'data': np.ones((2, 0)), 'score': np.ones(2)},
            'has empty rows',
        ),
        (
            {'data': np.array('a'), 'score': np.ones(2)},
            'not numeric',
        ),
    ],
)
def test_refuses_what_does_not_go_together(arrays, message: str):
    spool = stream()
    first = {'data': np.ones((4, 3)), 'score': np.ones(4)}
    spool.check(first)
    spool.append(first)
    with pytest.raises(ValueError, match=message):
        spool.check(arrays)


def test_refuses_reserved_names_and_scalars():
    with pytest.raises(ValueError, match="'offsets' is reserved"):
        stream().check({'data': np.ones(2), 'offsets': np.ones(2)})
    with pytest.raises(ValueError, match='one axis or more'):
        stream().check({'data': np.array(1.0)})
