from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from trimodal.datasets.converters.files import ConversionError
from trimodal.datasets.converters.tridigits_pairing import (
    SPLITS,
    Picture,
    pair_samples,
    split_clips,
    split_photos,
    split_pictures,
)
from trimodal.datasets.converters.tridigits_sources import (
    Clip,
    Photo,
    Pictures,
)

CLIPS = [
    Clip(Path(f'{digit}_{speaker}_{index}.wav'), digit, speaker, index)
    for speaker in ('ann', 'bob', 'cid', 'dan')
    for digit in range(10)
    for index in range(12)
]
PHOTOS = [
    Photo(Path(f'IMG_{10 * s + d}.JPG'), d, 10 * s + d, s)
    for s in range(20)
    for d in range(10)
]


def pictures(part, count):
    return Pictures(
        part, np.zeros((count, 28, 28), np.uint8), np.arange(count) % 10
    )


def test_speakers_are_held_out():
    splits = split_clips(CLIPS, 'speaker', 'bob', 'dan')
    speakers = {k: {c.speaker for c in v} for k, v in splits.items()}
    assert speakers == {
        'train': {'ann', 'cid'},
        'val': {'bob'},
        'test': {'dan'},
    }


def test_the_official_split_is_by_index():
    splits = split_clips(CLIPS, 'official', 'bob', 'dan')
    indices = {k: {c.index for c in v} for k, v in splits.items()}
    assert indices == {
        'train': {10, 11},
        'val': {5, 6, 7, 8, 9},
        'test': {0, 1, 2, 3, 4},
    }
    assert {c.speaker for c in splits['test']} == {'ann', 'bob', 'cid', 'dan'}


def test_unknown_speakers():
    with pytest.raises(ConversionError, match="--val-speaker: 'eve' is none"):
        split_clips(CLIPS, 'speaker', 'eve', 'dan')
    with pytest.raises(ConversionError, match=r'--test-speaker.*ann, bob'):
        split_clips(CLIPS, 'speaker', 'dan', 'eve')
    with pytest.raises(ConversionError, match="both 'dan'"):
        split_clips(CLIPS, 'speaker', 'dan', 'dan')


def test_students_are_in_one_split():
    splits = split_photos(PHOTOS, seed=0)
    students = {k: {p.student for p in v} for k, v in splits.items()}
    assert {k: len(v) for k, v in students.items()} == {
        'train': 14,
        'val': 3,
        'test': 3,
    }
    assert len(set().union(*students.values())) == 20
    assert sum(map(len, splits.values())) == len(PHOTOS)
    assert splits == split_photos(PHOTOS, seed=0)
    assert splits != split_photos(PHOTOS, seed=1)


def test_pictures_are_in_one_split():
    splits = split_pictures(pictures('train', 100), pictures('t10k', 30), 0)
    assert {k: len(v) for k, v in splits.items()} == {
        'train': 80,  # of each digit 10 pictures, 15 % of them rounded to 2
        'val': 20,
        'test': 30,
    }
    assert Counter(p.digit for p in splits['val']) == dict.fromkeys(
        range(10), 2
    )
    assert {p.part for p in splits['test']} == {'t10k'}
    assert not set(splits['train']) & set(splits['val'])
    assert all(p.digit == p.index % 10 for p in splits['val'])


def paired(per_clip=1, seed=0):
    return pair_samples(
        split_clips(CLIPS, 'speaker', 'bob', 'dan'),
        split_photos(PHOTOS, seed),
        split_pictures(pictures('train', 400), pictures('t10k', 60), seed),
        per_clip,
        seed,
    )


def test_pairs_agree_on_the_digit_and_the_splits_share_nothing():
    samples = paired()
    assert Counter(s.split for s in samples) == {
        'train': 240,
        'val': 120,
        'test': 120,
    }
    assert len({s.id for s in samples}) == len(samples)
    for s in samples:
        assert s.clip.digit == s.photo.digit == s.picture.digit
    for of in (
        lambda s: s.clip.speaker,
        lambda s: s.photo.student,
        lambda s: s.picture,
    ):
        sets = [{of(s) for s in samples if s.split == k} for k in SPLITS]
        assert sum(map(len, sets)) == len(set().union(*sets))


def test_cards_are_dealt_evenly():
    samples = [s for s in paired() if s.split == 'test']
    # 12 recordings, 3 photos and 6 pictures of each digit.
    assert set(Counter(s.photo for s in samples).values()) == {4}
    assert set(Counter(s.picture for s in samples).values()) == {2}


def test_pairing_depends_on_the_seed_alone():
    assert paired() == paired()
    assert [s.picture for s in paired()] != [s.picture for s in paired(seed=1)]


def test_more_samples_of_each_clip():
    once, thrice = paired(), paired(per_clip=3)
    assert len(thrice) == 3 * len(once)
    assert len({s.id for s in thrice}) == len(thrice)
    ids = {s.id: s for s in thrice}
    assert all(ids[s.id] == s for s in once)
    turns = [ids[f'0_ann_0_{turn}'] for turn in range(3)]
    assert len({s.photo for s in turns}) == 3


def test_a_source_that_is_too_small():
    with pytest.raises(ConversionError, match=r'--mnist: no digit .*test'):
        pair_samples(
            split_clips(CLIPS, 'speaker', 'bob', 'dan'),
            split_photos(PHOTOS, 0),
            {
                **split_pictures(
                    pictures('train', 400), pictures('t10k', 20), 0
                ),
                'test': [Picture('t10k', 0, 0)],
            },
            1,
            0,
        )
