import hashlib

import pytest

from tests.datasets.converters.sources import write_packed, write_pictures
from trimodal.datasets.converters import ConversionError
from trimodal.datasets.converters.tridigits_prepared import (
    checksum,
    checksum_of_pictures,
    open_split,
    written_digits,
)


def test_a_split_and_its_checksum(tmp_path):
    folder = write_packed(tmp_path / 'packed')
    reader = open_split(folder, 'val', ('speech',))
    assert len(reader) == 20
    assert reader.modalities == ('speech',)
    content = (folder / 'val.h5').read_bytes()
    assert checksum(reader) == hashlib.sha256(content).hexdigest()


def test_shards(tmp_path):
    folder = write_packed(tmp_path / 'packed')
    for number, split in enumerate(('train', 'val')):
        path = folder / f'{split}.h5'
        path.rename(folder / f'all-0000{number}-of-00002.h5')
    reader = open_split(folder, 'all', ('speech', 'gesture'))
    assert len(reader) == 40
    parts = [path.read_bytes() for path in sorted(folder.glob('all-*'))]
    expected = hashlib.sha256(b''.join(parts)).hexdigest()
    assert checksum(reader) == expected


@pytest.mark.parametrize(
    ('split', 'modalities', 'message'),
    [
        ('none', ('speech',), '--source: no file matches'),
        ('val', ('lidar',), '--source: .* has no modality lidar'),
    ],
)
def test_what_can_not_be_opened(tmp_path, split, modalities, message):
    folder = write_packed(tmp_path / 'packed')
    with pytest.raises(ConversionError, match=message):
        open_split(folder, split, modalities)


def test_pictures_by_split(tmp_path):
    write_pictures(tmp_path / 'mnist')
    splits = written_digits(tmp_path / 'mnist', {'options': {'seed': 3}})
    assert [len(splits[name]) for name in ('train', 'val', 'test')] == [
        *(70, 10, 20)
    ]
    card, pixels = splits['test'][4]
    assert (card.part, card.index, card.digit) == ('t10k', 4, 4)
    assert pixels.shape == (28, 28)
    other = written_digits(tmp_path / 'mnist', {})
    cards = [{card for card, _ in s['val']} for s in (splits, other)]
    assert cards[0] != cards[1]


def test_checksum_of_pictures(tmp_path):
    write_pictures(tmp_path / 'mnist')
    pictures = written_digits(tmp_path / 'mnist', {})['val']
    first = checksum_of_pictures(pictures)
    assert first == checksum_of_pictures(list(pictures))
    assert first != checksum_of_pictures(pictures[1:])
    changed = [(card, pixels ^ 1) for card, pixels in pictures]
    assert first != checksum_of_pictures(changed)
