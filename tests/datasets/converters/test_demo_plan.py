from collections import Counter

import pytest

from trimodal.datasets.converters.demo_design import DemoOptions
from trimodal.datasets.converters.demo_plan import Person, plan_samples


@pytest.fixture(scope='module')
def samples():
    return plan_samples(DemoOptions())


def test_commands_are_balanced_over_splits_and_people(samples):
    for split, size in DemoOptions().sizes.items():
        own = [s for s in samples if s.split == split]
        counts = Counter(s.label for s in own)
        assert len(own) == size
        assert max(counts.values()) - min(counts.values()) <= 1
        pairs = Counter((s.person.name, s.label) for s in own)
        assert max(pairs.values()) - min(pairs.values()) <= 1


def test_splits_share_no_person(samples):
    people = {
        split: {s.person.name for s in samples if s.split == split}
        for split in ('train', 'val', 'test')
    }
    assert {k: len(v) for k, v in people.items()} == {
        'train': 16,
        'val': 4,
        'test': 4,
    }
    assert len(set().union(*people.values())) == 24


def test_a_few_samples_lack_one_modality(samples):
    lacking = Counter(s.lacks for s in samples)
    assert set(lacking) == {None, 'speech_path', 'video_path', 'image_path'}
    assert 0.04 < 1 - lacking[None] / len(samples) < 0.12


def test_words_hold_the_command_and_sometimes_now(samples):
    said = Counter(len(s.words) for s in samples)
    assert all(s.command.word in s.words for s in samples)
    assert all(set(s.words) <= {s.command.word, 'now'} for s in samples)
    assert 0.5 < said[1] / len(samples) < 0.7
    assert {s.words[0] == 'now' for s in samples} == {True, False}


def test_the_number_of_frames_follows_the_pace(samples):
    by_pace = sorted(samples, key=lambda s: s.pace)
    frames = [s.frames for s in by_pace]
    assert frames == sorted(frames, reverse=True)
    assert (frames[0], frames[-1]) == (13, 9)


def test_the_plan_depends_on_the_seed_and_not_on_the_size(samples):
    small = plan_samples(DemoOptions(num_train=16))
    assert small[:16] == samples[:16]
    assert plan_samples(DemoOptions(16, 8, 8, seed=1))[:16] != samples[:16]


def test_people_differ():
    people = [Person.draw(number, 0) for number in range(24)]
    assert len({p.voice for p in people}) == 24
    assert {p.left_handed for p in people} == {True, False}
    pitches = [p.voice.pitch for p in people]
    assert max(pitches[0::2]) < 150 < 170 < min(pitches[1::2])


def test_streams_have_one_use_each(samples):
    draw = samples[0].stream('speech').integers(1 << 60)
    assert draw == samples[0].stream('speech').integers(1 << 60)
    assert draw != samples[0].stream('video').integers(1 << 60)
    assert draw != samples[1].stream('speech').integers(1 << 60)
