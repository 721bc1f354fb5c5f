import gzip
from pathlib import Path

import numpy as np
import pytest

from tests.datasets.converters.sources import (
    idx_bytes,
    write_clips,
    write_photos,
    write_pictures,
)
from trimodal.datasets.converters.files import ConversionError
from trimodal.datasets.converters.tridigits_sources import (
    Photo,
    assign_students,
    photo_runs,
    read_clips,
    read_photos,
    read_pictures,
)


def test_clips_are_sorted_and_parsed(tmp_path):
    write_clips(tmp_path, ('zoe', 'adam'), (2, 10))
    clips = read_clips(tmp_path)
    assert len(clips) == 40
    assert [c.index for c in clips[:2]] == [2, 10]
    assert clips[0].path.name == '0_adam_2.wav'
    assert (clips[-1].speaker, clips[-1].digit) == ('zoe', 9)
    assert read_clips(tmp_path / 'recordings') == clips


def test_clips_of_a_wrong_folder(tmp_path):
    with pytest.raises(ConversionError, match=r'--fsdd: .*not a folder'):
        read_clips(tmp_path / 'none')
    with pytest.raises(ConversionError, match='--fsdd: no wav file'):
        read_clips(tmp_path)
    for number in range(7):
        (tmp_path / f'song{number}.wav').touch()
    with pytest.raises(ConversionError, match=r'song0.wav.* and 2 more'):
        read_clips(tmp_path)


def test_photos_have_digits_numbers_and_students(tmp_path):
    write_photos(tmp_path, students=3)
    photos = read_photos(tmp_path)
    assert [p.number for p in photos] == list(range(1000, 1030))
    assert [p.student for p in photos] == [0] * 10 + [1] * 10 + [2] * 10
    assert [p.digit for p in photos] == list(range(10)) * 3
    assert read_photos(tmp_path / 'Dataset') == photos


def test_photos_of_a_wrong_folder(tmp_path):
    with pytest.raises(
        ConversionError, match=r'--sign-digits: .*not a folder'
    ):
        read_photos(tmp_path / 'none')
    with pytest.raises(ConversionError, match=r'no folder .*0'):
        read_photos(tmp_path)
    write_photos(tmp_path, students=1)
    folder = tmp_path / 'Dataset'
    (folder / '4' / 'notes.txt').touch()
    assert len(read_photos(tmp_path)) == 10
    (folder / '4' / 'IMG_1003.jpg').touch()
    with pytest.raises(ConversionError, match='same number'):
        read_photos(tmp_path)
    (folder / '4' / 'hand.jpg').touch()
    with pytest.raises(ConversionError, match=r'not named IMG.*hand.jpg'):
        read_photos(tmp_path)
    for photo in (folder / '2').iterdir():
        photo.unlink()
    with pytest.raises(ConversionError, match=r'no photo in .*2'):
        read_photos(tmp_path)


def students_of(*digits):
    photos = [Photo(Path(), d, n) for n, d in enumerate(digits)]
    return [photo.student for photo in assign_students(photos)]


ALL = tuple(range(10))


def test_a_digit_that_does_not_rise_starts_a_run():
    photos = [Photo(Path(), d, n) for n, d in enumerate((0, 3, 3, 5, 1))]
    assert [[p.digit for p in run] for run in photo_runs(photos)] == [
        [0, 3],
        [3, 5],
        [1],
    ]


@pytest.mark.parametrize(
    ('digits', 'expected'),
    [
        ((*ALL, *ALL), [0] * 10 + [1] * 10),
        # One student who signed 8 after 9, as in the real data.
        ((*ALL, 0, 1, 2, 3, 4, 5, 6, 7, 9, 8), [0] * 10 + [1] * 10),
        # 5 out of turn at first.
        ((5, 0, 1, 2, 3, 4, 6, 7, 8, 9), [0] * 10),
        # A student with photos missing stands alone between complete ones.
        ((*ALL, 3, 8, 9, *ALL), [0] * 10 + [1] * 3 + [2] * 10),
        ((), []),
    ],
)
def test_students(digits, expected):
    assert students_of(*digits) == expected


def test_pictures(tmp_path):
    write_pictures(tmp_path / 'mnist', train=30, t10k=10)
    train = read_pictures(tmp_path / 'mnist', 'train')
    assert train.pixels.shape == (30, 28, 28)
    assert train.pixels.dtype == np.uint8
    np.testing.assert_array_equal(train.digits, np.arange(30) % 10)
    np.testing.assert_array_equal(
        train.pixels,
        np.random.default_rng(3).integers(0, 255, (30, 28, 28)),
    )


def test_pictures_as_torchvision_leaves_them(tmp_path):
    write_pictures(tmp_path / 'MNIST' / 'raw')
    for path in (tmp_path / 'MNIST' / 'raw').iterdir():
        path.with_suffix('').write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert read_pictures(tmp_path, 't10k').pixels.shape == (20, 28, 28)


@pytest.mark.parametrize(
    ('name', 'data', 'message'),
    [
        ('labels-idx1', idx_bytes(np.arange(3)), '20 pictures for 3'),
        ('labels-idx1', idx_bytes(np.full(20, 11)), '20 pictures'),
        ('images-idx3', idx_bytes(np.arange(20)), 'wrong magic'),
        ('images-idx3', idx_bytes(np.zeros((20, 28, 28)))[:-5], 'reshape'),
        ('images-idx3', b'', 'buffer'),
    ],
)
def test_damaged_pictures(tmp_path, name, data, message):
    write_pictures(tmp_path / 'mnist')
    path = tmp_path / 'mnist' / f't10k-{name}-ubyte.gz'
    path.write_bytes(gzip.compress(data))
    with pytest.raises(ConversionError, match=f'--mnist.*{message}'):
        read_pictures(tmp_path / 'mnist', 't10k')
    path.write_bytes(b'not gzip')
    with pytest.raises(ConversionError, match=f'--mnist: .*{path.name}'):
        read_pictures(tmp_path / 'mnist', 't10k')
    path.unlink()
    with pytest.raises(ConversionError, match='neither'):
        read_pictures(tmp_path / 'mnist', 't10k')


def test_students_of_the_real_photos(repo_root):
    """The count by the rule, and how many are left after joining."""
    root = repo_root.parent / 'shared' / 'data' / 'sign_digits'
    if not root.is_dir():
        pytest.skip('../shared/data is not there')
    photos = read_photos(root)
    students: dict[int, list[int]] = {}
    for photo in photos:
        students.setdefault(photo.student, []).append(photo.digit)
    assert len(photos) == 1762
    assert len(photo_runs(photos)) == 189
    assert len(students) == 177
    full = [d for d in students.values() if sorted(d) == list(ALL)]
    assert len(full) >= 162
