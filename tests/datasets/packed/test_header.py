import os
import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.datasets.packed.samples import (
    METAINFO,
    MODALITIES,
    make_annotation,
    make_arrays,
)
from trimodal.datasets.packed import PackedWriter
from trimodal.datasets.packed.header import ArraySpec, read_header


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / 'train.h5'
    with PackedWriter(path, MODALITIES, METAINFO, {'a': 1}) as writer:
        for i in range(6):
            writer.append(make_annotation(i), make_arrays(i))
    return path


def test_header_of_a_file(path: Path):
    header = read_header(path)
    assert header.num_samples == 6
    assert header.metainfo == METAINFO
    assert header.preparation == {'a': 1}
    assert header.attributes == MODALITIES
    # In the order they were given, not that of the alphabet.
    assert [*header.attributes] == ['speech', 'gesture', 'image']
    assert header.arrays['gesture']['score'].shape[1:] == (2,)
    assert pickle.loads(pickle.dumps(header)) == header


def test_offsets_are_those_of_the_file(path: Path):
    header = read_header(path)
    raw = path.read_bytes()
    for name in MODALITIES:
        spec = header.arrays[name]['data']
        with h5py.File(path) as file:
            expected = file[name]['data'][:].tobytes()
        assert raw[spec.offset : spec.offset + spec.nbytes] == expected


def test_view():
    buffer = memoryview(b'x' + np.arange(6, dtype='<i2').tobytes())
    assert ArraySpec(1, (2, 3), '<i2').view(buffer).tolist() == [
        [0, 1, 2],
        [3, 4, 5],
    ]
    assert ArraySpec(0, (0, 3), '<i2').view(buffer).shape == (0, 3)


def test_missing_file(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r'train.h5 does not exist'):
        read_header(tmp_path / 'train.h5')


def test_missing_file_of_which_there_are_shards(path: Path):
    path.rename(path.with_name('train-00000-of-00001.h5'))
    with pytest.raises(FileNotFoundError, match=r"name '.*/train-\*\.h5'"):
        read_header(path)


@pytest.mark.parametrize('cut', [1, 1000, 60_000])
def test_truncated_file(path: Path, cut: int):
    size = path.stat().st_size
    os.truncate(path, max(100, size - cut))
    with pytest.raises(ValueError, match=r'train.h5 .*(copy it again|make)'):
        read_header(path)
    os.truncate(path, 0)
    with pytest.raises(ValueError, match=r'train.h5 .*make it \(again\)'):
        read_header(path)


def test_no_hdf5(tmp_path: Path):
    path = tmp_path / 'train.h5'
    path.write_text('hello')
    with pytest.raises(ValueError, match=r'train.h5 cannot be read as HDF5'):
        read_header(path)


def test_foreign_hdf5(tmp_path: Path):
    path = tmp_path / 'train.h5'
    h5py.File(path, 'w').close()
    with pytest.raises(ValueError, match=r"format is None, not 'trimodal"):
        read_header(path)


def test_the_older_layout_is_told_how_to_convert(tmp_path: Path):
    path = tmp_path / 'train_features.h5'
    h5py.File(path, 'w').close()
    with pytest.raises(ValueError, match=r'dataset_converters/legacy_h5\.py'):
        read_header(path)


def test_newer_version(path: Path):
    with h5py.File(path, 'a') as file:
        file.attrs['format_version'] = 2
    with pytest.raises(ValueError, match=r'version 2, .* up to 1; install'):
        read_header(path)


def test_compressed_arrays(path: Path):
    with h5py.File(path, 'a') as file:
        data = file['image/data'][:]
        del file['image/data']
        file['image'].create_dataset('data', data=data, compression='gzip')
    with pytest.raises(ValueError, match='/image/data is chunked or compr'):
        read_header(path)


def test_arrays_that_contradict_each_other(path: Path):
    with h5py.File(path, 'a') as file:
        file.attrs['num_samples'] = 7
    with pytest.raises(ValueError, match=r'/annotations/label should have'):
        read_header(path)


def test_array_that_is_missing(path: Path):
    with h5py.File(path, 'a') as file:
        del file['speech/offsets']
    with pytest.raises(ValueError, match=r'/speech/offsets .* found None'):
        read_header(path)
