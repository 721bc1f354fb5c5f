import hashlib
import os
import time
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
from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.packed import PackedReader, PackedWriter


def write(path: Path, count: int = 8) -> Path:
    with PackedWriter(path, MODALITIES, METAINFO, {'a': 1}) as writer:
        for i in range(count):
            writer.append(make_annotation(i), make_arrays(i))
    return path


def test_plain_h5py_reads_it(tmp_path: Path):
    with h5py.File(write(tmp_path / 'train.h5')) as file:
        assert file.attrs['format'] == 'trimodal.packed'
        assert file.attrs['num_samples'] == 8
        assert file['speech'].attrs['sample_rate'] == 16000
        for name in MODALITIES:
            offsets = file[name]['offsets'][:]
            for i in range(8):
                arrays = make_arrays(i)[name]
                assert file[name]['present'][i] == (arrays is not None)
                for key, expected in (arrays or {}).items():
                    stored = file[name][key][offsets[i] : offsets[i + 1]]
                    np.testing.assert_array_equal(stored, expected)
        at = file['annotations/id_offsets']
        assert file['annotations/id'][at[3] : at[4]].tobytes() == b'sample_003'
        assert file['annotations/label'][:].tolist() == [
            *(0, 1, 2, 0, 1, -1, 0, 1)
        ]


def test_every_array_is_contiguous(tmp_path: Path):
    with h5py.File(write(tmp_path / 'train.h5')) as file:
        found = []
        file.visititems(lambda name, item: found.append(item))
        arrays = [item for item in found if isinstance(item, h5py.Dataset)]
        assert len(arrays) > 20
        for array in arrays:
            assert array.chunks is None
            assert array.id.get_offset() is not None


def test_other_shapes_are_stored_flat(tmp_path: Path):
    path = tmp_path / 'train.h5'
    pictures = [
        np.random.default_rng(k).integers(0, 256, shape, np.uint8)
        for k, shape in enumerate([(2, 3, 3), (4, 5, 3)])
    ]
    with PackedWriter(path, {'image': {}}, {}, {}) as writer:
        for k, picture in enumerate(pictures):
            arrays = {'data': picture, 'row': np.arange(len(picture))}
            writer.append(SampleAnnotation(id=str(k)), {'image': arrays})
        writer.append(SampleAnnotation(id='none'), {})
    with h5py.File(path) as file:
        assert file['image/data'].shape == (18 + 60,)
        offsets, shape = file['image/offsets'], file['image/shape']
        second = file['image/data'][offsets[1] : offsets[2]].reshape(shape[1])
        np.testing.assert_array_equal(second, pictures[1])
    reader = PackedReader(path)
    for k, picture in enumerate(pictures):
        found = reader.arrays(k)['image']
        np.testing.assert_array_equal(found['data'], picture)
        np.testing.assert_array_equal(found['row'], np.arange(len(picture)))
    assert reader.arrays(2) == {'image': None}


def test_same_bytes_for_the_same_samples(tmp_path: Path):
    first = write(tmp_path / 'a.h5')
    time.sleep(1.1)
    second = write(tmp_path / 'b.h5')
    digests = {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (first, second)
    }
    assert len(digests) == 1


def test_nothing_under_the_final_name_before_the_end(tmp_path: Path):
    path = tmp_path / 'deep' / 'train.h5'
    with PackedWriter(path, MODALITIES, {}, {}) as writer:
        writer.append(make_annotation(0), make_arrays(0))
        assert len(writer) == 1
        assert not path.exists()
    assert os.listdir(path.parent) == ['train.h5']


def test_an_error_leaves_the_old_file(tmp_path: Path):
    path = write(tmp_path / 'train.h5')
    before = path.read_bytes()
    writer = PackedWriter(path, MODALITIES, {}, {})
    writer.append(make_annotation(0), make_arrays(0))
    with pytest.raises(ValueError, match='unknown modalities'), writer:
        writer.append(make_annotation(0), {'imu': None})
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ['train.h5']


def test_sweeps_what_a_killed_run_left(tmp_path: Path):
    left = PackedWriter(tmp_path / 'train.h5', MODALITIES, {}, {})
    left.append(make_annotation(0), make_arrays(0))
    write(tmp_path / 'train.h5')
    assert os.listdir(tmp_path) == ['train.h5']


def test_goes_on_after_a_refused_sample(tmp_path: Path):
    path = tmp_path / 'train.h5'
    with PackedWriter(path, MODALITIES, {}, {}) as writer:
        writer.append(make_annotation(0), make_arrays(0))
        bad = {**make_arrays(4), 'image': {'data': np.zeros((2, 2), 'u1')}}
        with pytest.raises(ValueError, match="'sample_004': image/data has 2"):
            writer.append(make_annotation(4), bad)
        with pytest.raises(ValueError, match=r"unknown modalities \['imu'\]"):
            writer.append(make_annotation(4), {'imu': None})
        with pytest.raises(TypeError, match='cannot be stored as JSON'):
            writer.append(SampleAnnotation('x', metadata={'a': object()}), {})
        writer.append(make_annotation(5), make_arrays(5))
    reader = PackedReader(path)
    assert len(reader) == 2
    assert reader.annotation(1) == make_annotation(5)
    np.testing.assert_array_equal(
        reader.arrays(1)['speech']['data'], make_arrays(5)['speech']['data']
    )


def test_no_sample_at_all(tmp_path: Path):
    assert len(PackedReader(write(tmp_path / 'train.h5', count=0))) == 0


def test_metainfo_larger_than_an_attribute_may_be(tmp_path: Path):
    metainfo = {'classes': [f'class number {i}' for i in range(20000)]}
    path = tmp_path / 'train.h5'
    with PackedWriter(path, MODALITIES, metainfo, {}) as writer:
        writer.append(make_annotation(0), make_arrays(0))
    assert PackedReader(path).metainfo == metainfo


@pytest.mark.parametrize(
    ('modalities', 'message'),
    [
        ({}, 'modalities is empty'),
        ({'annotations': {}}, "modality 'annotations' must be"),
        ({'a/b': {}}, "modality 'a/b' must be an identifier"),
        ({'speech': {'rate': [1]}}, r"attribute 'rate' of speech .* \[1\]"),
    ],
)
def test_refuses_bad_modalities(tmp_path: Path, modalities, message: str):
    with pytest.raises(ValueError, match=message):
        PackedWriter(tmp_path / 'train.h5', modalities, {}, {})
    assert not os.listdir(tmp_path)
