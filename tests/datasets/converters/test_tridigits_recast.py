"""What data sets made of a prepared TriDigits share; regression stands in."""

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.datasets.converters.sources import (
    PREPARATION,
    contents,
    write_packed,
    write_pictures,
)
from trimodal.datasets.converters import (
    ConversionError,
    RecastOptions,
    convert_tridigits_reg,
)
from trimodal.datasets.packed import PackedReader

OPTIONS = RecastOptions(train=40, val=20, test=11)


@pytest.fixture(scope='module')
def sources(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp('sources')
    write_pictures(folder / 'mnist')
    return write_packed(folder / 'packed'), folder / 'mnist'


@pytest.fixture(scope='module')
def converted(sources, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp('recast') / 'out'
    counts = convert_tridigits_reg(*sources, out, OPTIONS)
    assert counts == {'train': 40, 'val': 20, 'test': 11}
    return out


@pytest.mark.parametrize('split', ['train', 'val', 'test'])
def test_speech_and_gesture_are_of_one_digit_and_split(converted, split):
    reader = PackedReader(converted / f'{split}.h5')
    spoken = Counter()
    for row in range(len(reader)):
        arrays, annotation = reader.arrays(row), reader.annotation(row)
        digit = annotation.metadata['spoken']
        assert (arrays['speech']['data'] == digit).all()
        assert (arrays['gesture']['data'] == digit).all()
        assert annotation.group.startswith(split)
        assert annotation.metadata['photo'] == f'{digit}/x.JPG'
        spoken[digit] += 1
    assert max(spoken.values()) - min(spoken.values()) <= 1
    assert len(spoken) == 10


def test_no_picture_is_in_two_splits(converted):
    pictures = []
    for split in ('train', 'val', 'test'):
        reader = PackedReader(converted / f'{split}.h5')
        found = [reader.annotation(i) for i in range(len(reader))]
        pictures.append({item.metadata['picture'] for item in found})
    assert sum(map(len, pictures)) == len(set.union(*pictures))
    assert all(name.startswith('t10k') for name in pictures[2])


def test_what_made_it_is_told(converted):
    reader = PackedReader(converted / 'val.h5')
    assert reader.metainfo['dataset'] == 'tridigits_reg'
    assert reader.metainfo['options'] == vars(OPTIONS)
    assert reader.metainfo['tridigits_options'] == {'seed': 0}
    prepared = reader.preparation['modalities']
    assert prepared['speech'] == PREPARATION['modalities']['speech']
    assert prepared['image']['target_size'] == [28, 28]


def test_the_seed_decides(converted, sources, tmp_path):
    convert_tridigits_reg(*sources, tmp_path / 'same', OPTIONS)
    assert contents(tmp_path / 'same') == contents(converted)
    other = RecastOptions(train=40, val=20, test=11, seed=1)
    convert_tridigits_reg(*sources, tmp_path / 'other', other)
    first, second = contents(converted), contents(tmp_path / 'other')
    assert all(first[name] != second[name] for name in first)


def test_a_sample_does_not_depend_on_its_split_size(converted, sources):
    # The picture's digit is drawn from the sample's own stream.
    short = converted.parent / 'short'
    options = RecastOptions(train=40, val=30, test=11)
    convert_tridigits_reg(*sources, short, options)
    one = PackedReader(converted / 'val.h5')
    two = PackedReader(short / 'val.h5')
    for row in range(len(one)):
        metadata = (r.annotation(row).metadata['written'] for r in (one, two))
        assert len({*metadata}) == 1


def test_an_interrupted_run_goes_on(converted, sources, tmp_path):
    out = tmp_path / 'out'
    shutil.copytree(converted, out)
    (out / 'test.h5').unlink()
    (out / '.test.h5.writing').mkdir()
    stamp = (out / 'train.h5').stat().st_mtime_ns
    convert_tridigits_reg(*sources, out, OPTIONS)
    assert contents(out) == contents(converted)
    assert (out / 'train.h5').stat().st_mtime_ns == stamp


def test_other_options_need_another_folder(converted, sources):
    with pytest.raises(ConversionError, match='seed was 0, now 5'):
        convert_tridigits_reg(
            *sources,
            converted,
            RecastOptions(train=40, val=20, test=11, seed=5),
        )


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'train': 0}, 'train must be >= 1, got 0'),
        ({'test': -3}, 'test must be >= 1, got -3'),
        ({'seed': -1}, 'seed must be >= 0, got -1'),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        RecastOptions(**options)


def test_sources_that_do_not_fit(sources, tmp_path):
    packed, mnist = sources
    out = tmp_path / 'out'
    with pytest.raises(ConversionError, match='--source: no file matches'):
        convert_tridigits_reg(tmp_path / 'none', mnist, out, OPTIONS)
    with pytest.raises(ConversionError, match=r'--mnist: .* is not a folder'):
        convert_tridigits_reg(packed, tmp_path / 'none', out, OPTIONS)
    few = write_packed(tmp_path / 'few', digits=(1, 4))
    with pytest.raises(ConversionError, match=r'digits 0 to 9.*\[1, 4\]'):
        convert_tridigits_reg(few, mnist, out, OPTIONS)
    assert not out.exists()


def test_pictures_that_lack_a_digit(sources, tmp_path):
    write_pictures(tmp_path / 'mnist', train=80, t10k=7)
    with pytest.raises(ConversionError, match=r"\[7, 8, 9\] for 'test'"):
        convert_tridigits_reg(
            sources[0], tmp_path / 'mnist', tmp_path / 'out', OPTIONS
        )


def test_pictures_have_three_equal_colours(converted):
    reader = PackedReader(converted / 'test.h5')
    picture = reader.arrays(0)['image']['data']
    assert picture.shape == (28, 28, 3)
    np.testing.assert_array_equal(picture[..., 0], picture[..., 2])
