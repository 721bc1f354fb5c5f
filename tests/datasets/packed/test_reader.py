import pickle
from pathlib import Path

import numpy as np
import pytest

from tests.datasets.packed.samples import (
    METAINFO,
    MODALITIES,
    make_annotation,
    make_arrays,
)
from trimodal.datasets.packed import PackedReader, PackedWriter
from trimodal.datasets.packed.reader import resolve_paths


def write(path: Path, samples: range, metainfo=METAINFO, **attributes) -> str:
    modalities = {name: {**MODALITIES[name]} for name in MODALITIES}
    modalities['speech'] |= attributes
    with PackedWriter(path, modalities, metainfo, {'a': 1}) as writer:
        for i in samples:
            writer.append(make_annotation(i), make_arrays(i))
    return str(path)


def check(reader: PackedReader, i: int, expected: int) -> None:
    assert reader.annotation(i) == make_annotation(expected)
    arrays = reader.arrays(i)
    assert list(arrays) == ['speech', 'gesture', 'image']
    for name, wanted in make_arrays(expected).items():
        if wanted is None:
            assert arrays[name] is None
            continue
        assert set(arrays[name]) == set(wanted)
        for key, value in wanted.items():
            assert arrays[name][key].dtype == value.dtype
            np.testing.assert_array_equal(arrays[name][key], value)


def test_one_file(tmp_path: Path):
    reader = PackedReader(write(tmp_path / 'train.h5', range(12)))
    assert len(reader) == 12
    assert reader.metainfo == METAINFO
    assert reader.preparation == {'a': 1}
    assert reader.attributes == MODALITIES
    for i in (11, 0, 5, 1, 2, 3):
        check(reader, i, i)
    fields, arrays = reader.read(4)
    assert fields['id'] == reader.fields(4)['id'] == 'sample_004'
    assert arrays['image']['data'].shape == (6, 4, 3)


def test_shards(tmp_path: Path):
    parts = [range(5), range(0), range(5, 6), range(6, 12)]
    for k, part in enumerate(parts):
        write(tmp_path / f'train-{k:05d}-of-00004.h5', part)
    write(tmp_path / 'val.h5', range(2))
    reader = PackedReader(tmp_path / 'train-*.h5')
    assert len(reader) == 12
    for i in range(12):
        check(reader, i, i)
    labels = [make_annotation(i).label for i in range(12)]
    assert reader.labels().tolist() == [
        -1 if label is None else label for label in labels
    ]
    assert reader.has('speech').tolist() == [i % 5 != 1 for i in range(12)]
    assert reader.has('group').tolist() == [i % 4 != 0 for i in range(12)]


def test_a_list_of_files(tmp_path: Path):
    paths = [
        write(tmp_path / 'a.h5', range(3)),
        write(tmp_path / 'b.h5', range(7, 9)),
    ]
    reader = PackedReader(paths[::-1])
    assert [str(path) for path in reader.paths] == paths[::-1]
    check(reader, 0, 7)
    check(reader, 2, 0)


@pytest.mark.parametrize('i', [-1, 3])
def test_no_such_sample(tmp_path: Path, i: int):
    reader = PackedReader(write(tmp_path / 'a.h5', range(3)))
    with pytest.raises(IndexError, match=f'sample {i} of 3'):
        reader.arrays(i)


def test_chosen_modalities(tmp_path: Path):
    path = write(tmp_path / 'a.h5', range(3))
    reader = PackedReader(path, ['image', 'speech'])
    assert reader.modalities == ('image', 'speech')
    assert [*reader.arrays(0)] == ['image', 'speech']
    assert reader.has('gesture').tolist() == [False] * 3
    with pytest.raises(ValueError, match='no modality imu; it has speech'):
        PackedReader(path, ['imu'])


def test_pickles_small(tmp_path: Path):
    reader = PackedReader(write(tmp_path / 'a.h5', range(200)))
    reader.arrays(0)
    pickled = pickle.dumps(reader)
    assert len(pickled) < 8000
    check(pickle.loads(pickled), 150, 150)


def test_missing_shards(tmp_path: Path):
    for k in (0, 2):
        write(tmp_path / f'train-{k:05d}-of-00004.h5', range(2))
    with pytest.raises(ValueError, match=r'shards \[1, 3\] of 4 are missing'):
        PackedReader(tmp_path / 'train-*.h5')
    # Whoever lists files gets those.
    assert len(PackedReader([*tmp_path.glob('*.h5')])) == 4


def test_no_file(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r'no file matches .*\*\.h5'):
        resolve_paths(tmp_path / '*.h5')
    with pytest.raises(ValueError, match='the list is empty'):
        resolve_paths([])


def test_a_folder_with_brackets(tmp_path: Path):
    folder = tmp_path / 'run[1]'
    folder.mkdir()
    assert len(PackedReader(write(folder / 'a.h5', range(2)))) == 2


def test_files_that_do_not_go_together(tmp_path: Path):
    one = write(tmp_path / 'a.h5', range(2))
    other = write(tmp_path / 'b.h5', range(2), {'classes': ['x', 'y', 'z']})
    with pytest.raises(ValueError, match=r'b.h5 does not go .* metainfo'):
        PackedReader([one, other])
    other = write(tmp_path / 'c.h5', range(2), sample_rate=8000)
    with pytest.raises(ValueError, match='attributes of speech'):
        PackedReader([one, other])
    assert len(PackedReader([one, other], ['image'])) == 4
