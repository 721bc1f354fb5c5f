"""The hard TriDigits as files."""

from pathlib import Path

import numpy as np
import pytest

from tests.datasets.packed.samples import (
    METAINFO,
    MODALITIES,
    make_annotation,
    make_arrays,
)
from trimodal.datasets import PackedTriModalDataset
from trimodal.datasets.converters import (
    ConversionError,
    HardOptions,
    convert_tridigits_hard,
)
from trimodal.datasets.packed import PackedReader, PackedWriter

SIZES = {'train': 20, 'val': 11, 'test': 12}


def write_split(path: Path, rows: range, **changes) -> None:
    streams = MODALITIES | changes.get('streams', {})
    with PackedWriter(path, streams, METAINFO, {'modalities': {}}) as writer:
        for row in rows:
            height = 6 + row % 2 if changes.get('sizes') else 6
            arrays = make_arrays(row, height=height)
            writer.append(make_annotation(row), arrays)


@pytest.fixture(scope='module')
def source(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('tridigits') / 'packed'
    for split, size in SIZES.items():
        write_split(folder / f'{split}.h5', range(size))
    return folder


def convert(source: Path, out: Path, **options) -> Path:
    assert convert_tridigits_hard(source, out, HardOptions(**options)) == SIZES
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def compare(one: PackedReader, two: PackedReader) -> dict[str, bool]:
    """Whether each modality is the same in all samples, to the bit."""
    same = dict.fromkeys(one.modalities, True)
    for row in range(len(one)):
        assert one.annotation(row) == two.annotation(row)
        first, second = one.arrays(row), two.arrays(row)
        for name, arrays in first.items():
            assert (arrays is None) == (second[name] is None)
            for key, values in (arrays or {}).items():
                other = second[name][key]
                assert other.dtype == values.dtype
                assert other.shape == values.shape
                same[name] &= values.tobytes() == other.tobytes()
    return same


@pytest.mark.parametrize('split', SIZES)
def test_level_0_is_the_source(source, tmp_path, split):
    out = convert(source, tmp_path / 'out', level=0.0)
    before = PackedReader(source / f'{split}.h5')
    after = PackedReader(out / f'{split}.h5')
    assert all(compare(before, after).values())
    assert after.attributes == before.attributes
    assert after.preparation == before.preparation


def test_level_1_damages_everything_and_says_so(source, tmp_path):
    out = convert(source, tmp_path / 'out', seed=3)
    before = PackedReader(source / 'test.h5')
    after = PackedReader(out / 'test.h5')
    assert not any(compare(before, after).values())
    damage = after.metainfo['damage']
    assert after.metainfo['dataset'] == 'tridigits_hard'
    assert after.metainfo['classes'] == METAINFO['classes']
    assert (damage['level'], damage['seed']) == (1.0, 3)
    assert damage['picture_variance_lost'] == 0.75
    assert damage['speech_snr'] == 0.0
    assert damage['picture_components'] > 0


def test_the_data_set_reads_it(source, tmp_path):
    out = convert(source, tmp_path / 'out')
    dataset = PackedTriModalDataset('test.h5', data_root=str(out))
    assert len(dataset) == SIZES['test']
    assert dataset.metainfo['damage']['level'] == 1.0
    assert dataset[0]['speech'].dtype == np.int16


def test_the_seed_and_nothing_else_decides(source, tmp_path):
    first = contents(convert(source, tmp_path / 'a'))
    assert contents(convert(source, tmp_path / 'b')) == first
    other = contents(convert(source, tmp_path / 'c', seed=1))
    assert all(other[name] != first[name] for name in first)


def test_a_sample_does_not_depend_on_its_place(source, tmp_path):
    # The same training pictures, but a test split of the last samples only.
    short = tmp_path / 'short'
    for split, size in SIZES.items():
        write_split(short / f'{split}.h5', range(5 * (split == 'test'), size))
    out = tmp_path / 'out'
    convert_tridigits_hard(short, out, HardOptions())
    whole = PackedReader(convert(source, tmp_path / 'all') / 'test.h5')
    part = PackedReader(out / 'test.h5')
    for row in range(len(part)):
        for name, arrays in part.arrays(row).items():
            for key, values in (arrays or {}).items():
                np.testing.assert_array_equal(
                    values, whole.arrays(row + 5)[name][key]
                )


def test_an_interrupted_run_goes_on(source, tmp_path):
    out = convert(source, tmp_path / 'out')
    whole = contents(out)
    (out / 'test.h5').unlink()
    (out / '.test.h5.writing').mkdir()
    stamp = (out / 'train.h5').stat().st_mtime_ns
    convert(source, out)
    assert contents(out) == whole
    assert (out / 'train.h5').stat().st_mtime_ns == stamp


def test_shards_are_read_as_one_split(source, tmp_path):
    sharded = tmp_path / 'sharded'
    for split, size in SIZES.items():
        for k, rows in enumerate((range(7), range(7, size))):
            write_split(sharded / f'{split}-0000{k}-of-00002.h5', rows)
    one = PackedReader(convert(source, tmp_path / 'one') / 'val.h5')
    two = PackedReader(convert(sharded, tmp_path / 'two') / 'val.h5')
    assert all(compare(one, two).values())


def test_another_level_needs_another_folder(source, tmp_path):
    convert(source, tmp_path / 'out', level=0.5)
    with pytest.raises(ConversionError, match=r'level was 0\.5, now 1\.0'):
        convert(source, tmp_path / 'out')


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'level': -0.1}, r'level must lie in \[0, 1\], got -0.1'),
        ({'level': 1.5}, r'level must lie in \[0, 1\], got 1.5'),
        ({'level': float('nan')}, 'level must lie in'),
        ({'seed': -1}, 'seed must be >= 0, got -1'),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        HardOptions(**options)


def test_a_source_that_is_none(tmp_path):
    with pytest.raises(ConversionError, match=r'--source: no file matches'):
        convert(tmp_path / 'nothing', tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'sizes': True}, 'must all be of one size'),
        ({'streams': {'image': {'encoding': 'jpeg'}}}, 'not stored raw'),
        ({'streams': {'speech': {}}}, 'tells no sample_rate'),
    ],
)
def test_a_source_that_does_not_fit(tmp_path, changes, message):
    for split, size in SIZES.items():
        write_split(tmp_path / 'in' / f'{split}.h5', range(size), **changes)
    with pytest.raises(ConversionError, match=message):
        convert(tmp_path / 'in', tmp_path / 'out')
