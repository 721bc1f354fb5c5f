from collections import Counter
from pathlib import Path

import pytest

from trimodal.datasets.converters import (
    ConnectedDigitsOptions,
    ConversionError,
)
from trimodal.datasets.converters.connected_digits_plan import (
    annotation_file,
    plan_sentences,
    split_recordings,
)
from trimodal.datasets.converters.tridigits_sources import Clip

SPEAKERS = {'train': 'anna', 'val': 'nicolas', 'test': 'yweweler'}
CLIPS = {
    split: [
        Clip(Path(f'{digit}_{name}_{index}.wav'), digit, name, index)
        for digit in range(10)
        for index in range(3)
    ]
    for split, name in SPEAKERS.items()
}


def test_clips_for_train_and_sentences_for_the_others():
    options = ConnectedDigitsOptions(sentences=40)
    sentences = plan_sentences(CLIPS, options)
    assert Counter(s.split for s in sentences) == {
        'train': 30,
        'val': 40,
        'test': 40,
    }
    for sentence in sentences:
        count = len(sentence.clips)
        speakers = {clip.speaker for clip in sentence.clips}
        assert speakers == {SPEAKERS[sentence.split]}
        if sentence.split == 'train':
            assert count == 1
            continue
        assert 3 <= count <= 7
        assert len(sentence.peaks) == count == len(sentence.pauses) + 1
        assert all(0.5 <= peak <= 1 for peak in sentence.peaks)
        assert all(0 <= pause <= 200 for pause in sentence.pauses)
    assert len({s.id for s in sentences}) == len(sentences)


def test_each_clip_once_before_one_comes_again():
    options = ConnectedDigitsOptions(sentences=40)
    used = Counter(
        clip
        for sentence in plan_sentences(CLIPS, options)
        if sentence.split == 'val'
        for clip in sentence.clips
    )
    for digit in range(10):
        counts = [used[clip] for clip in CLIPS['val'] if clip.digit == digit]
        assert max(counts) - min(counts) <= 1


def test_val_may_have_recordings_of_those_who_train():
    clips = [
        Clip(Path(f'{digit}_{name}_{index}.wav'), digit, name, index)
        for name in ('anna', 'bert', 'yweweler')
        for digit in range(10)
        for index in (0, 4, 5, 9)
    ]
    options = ConnectedDigitsOptions(sentences=20)
    splits = split_recordings(clips, options)
    people = {split: {c.speaker for c in splits[split]} for split in splits}
    assert people == {
        'train': {'anna', 'bert'},
        'val': {'anna', 'bert'},
        'test': {'yweweler'},
    }
    assert {c.index for c in splits['train']} == {5, 9}
    assert {c.index for c in splits['val']} == {0, 4}
    assert {c.index for c in splits['test']} == {0, 4, 5, 9}
    val = [s for s in plan_sentences(splits, options) if s.split == 'val']
    assert all(len({c.speaker for c in s.clips}) == 1 for s in val)
    assert {s.clips[0].speaker for s in val} == {'anna', 'bert'}


def test_unknown_speakers_are_named():
    clips = [clip for part in CLIPS.values() for clip in part]
    for val in ('speaker', 'recordings'):
        options = ConnectedDigitsOptions(val=val, test_speaker='nobody')
        with pytest.raises(ConversionError, match="'nobody' is none of"):
            split_recordings(clips, options)


def test_it_depends_on_the_seed_alone():
    plans = [
        plan_sentences(CLIPS, ConnectedDigitsOptions(sentences=9, seed=seed))
        for seed in (0, 0, 1)
    ]
    assert plans[0] == plans[1] != plans[2]


def test_annotations_say_what_was_joined():
    options = ConnectedDigitsOptions(
        val='speaker', sentences=5, fewest=2, most=2
    )
    sentences = [
        s for s in plan_sentences(CLIPS, options) if s.split == 'test'
    ]
    content = annotation_file(sentences, options)
    counts = content['metainfo']['counts']
    assert counts['samples'] == 5
    assert counts['words'] == sum(counts['by_word'].values()) == 10
    first = content['samples'][0]
    assert first['group'] == 'yweweler'
    assert first['speech_path'] == f'speech/{first["id"]}.wav'
    words = content['metainfo']['words']
    said = [words[int(name[0])] for name in first['metadata']['recordings']]
    assert first['transcription'] == ' '.join(said)


@pytest.mark.parametrize(
    'arguments',
    [
        {'val': 'nobody'},
        {'sentences': 0},
        {'fewest': 0},
        {'most': 2},
        {'max_pause': -0.1},
        {'min_peak': 0.0},
        {'seed': -1},
    ],
)
def test_bad_options(arguments):
    with pytest.raises(ValueError, match=f'^{next(iter(arguments))} must'):
        ConnectedDigitsOptions(**arguments)
