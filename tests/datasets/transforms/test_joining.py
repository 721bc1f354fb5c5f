import numpy as np
import pytest

from trimodal.datasets import PackedTriModalDataset, PackedWriter
from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.transforms import JoinClips
from trimodal.datasets.transforms.joining import join_waveforms

RATE = 1000
WORDS = {1: 'one', 2: 'two', 3: 'three'}


class TestJoinWaveforms:
    def test_gains_are_peaks_and_pauses_are_silent(self):
        waves = [
            np.array([0.25, -0.5], np.float32),
            np.array([2.0], np.float32),
            np.array([0.1, 0.1], np.float32),
        ]
        joined = join_waveforms(waves, [1.0, 0.5, 0.2], [2, 0])
        expected = [0.5, -1, 0, 0, 0.5, 0.2, 0.2]
        np.testing.assert_allclose(joined, expected, rtol=1e-6)
        assert joined.dtype == np.float32

    def test_ends_fade(self):
        wave = np.ones(6, np.float32)
        joined = join_waveforms([wave], [1.0], [], fade=1)
        np.testing.assert_allclose(joined, [0.5, 1, 1, 1, 1, 0.5])

    def test_short_and_silent_waveforms(self):
        waves = [np.ones(1, np.float32), np.zeros(2, np.float32)]
        joined = join_waveforms(waves, [1.0, 1.0], [1], fade=4)
        assert joined.tolist() == [1, 0, 0, 0]


@pytest.fixture
def path(tmp_path):
    """Clips whose samples say who (tens) speaks which word (ones)."""
    path = tmp_path / 'train.h5'
    streams = {'speech': {'sample_rate': RATE}}
    with PackedWriter(path, streams, {}, {}) as writer:
        for speaker in (1, 2):
            for word, text in WORDS.items():
                wave = np.full(100, 10 * speaker + word, np.int16)
                annotation = SampleAnnotation(
                    f'{speaker}{word}', str(speaker), word, text
                )
                writer.append(annotation, {'speech': {'data': wave}})
        # Neither of them can be a part of a sentence.
        writer.append(SampleAnnotation('x', '1', transcription='one'), {})
        wave = np.full(100, 19, np.int16)
        writer.append(SampleAnnotation('y', '1'), {'speech': {'data': wave}})
    return str(path)


def dataset(path, clips_pipeline=(), **arguments):
    clips = dict(
        type='PackedTriModalDataset', ann_file=path, pipeline=clips_pipeline
    )
    join = JoinClips(**{'clips': clips, 'pause': (0, 0), **arguments})
    return PackedTriModalDataset(path, pipeline=[join])


def test_sentences_of_one_speaker(path, monkeypatch):
    heard = []

    def spy(waveforms, gains, pauses, fade):
        waves = [np.rint(w * 32768).astype(int) for w in waveforms]
        assert all(len(set(w)) == 1 for w in waves)
        heard.append([w[0] for w in waves])
        assert all(0.5 <= gain <= 1 for gain in gains)
        assert len(pauses) == len(waves) - 1
        return join_waveforms(waveforms, gains, pauses, fade)

    monkeypatch.setattr(
        'trimodal.datasets.transforms.joining.join_waveforms', spy
    )
    clips = dataset(path, count=(2, 4))
    counts, places = set(), set()
    for epoch in range(30):
        clips.set_epoch(epoch)
        for index in range(6):
            sample = clips[index]
            values = heard[-1]
            speaker, word = index // 3 + 1, index % 3 + 1
            assert {v // 10 for v in values} == {speaker}
            text = ' '.join(WORDS[v % 10] for v in values)
            assert sample['gt_text'] == text
            assert sample['gt_label'] is None
            assert len(sample['speech']) == 100 * len(values)
            assert 10 * speaker + word in values
            counts.add(len(values))
            places.add(values.index(10 * speaker + word))
    assert counts == {2, 3, 4}
    assert places == {0, 1, 2, 3}


def test_the_same_again_with_the_same_seed(path):
    first, second = dataset(path), dataset(path)
    for index in range(6):
        a, b = first[index], second[index]
        assert a['gt_text'] == b['gt_text']
        np.testing.assert_array_equal(a['speech'], b['speech'])
    second.set_epoch(1)
    texts = [second[index]['gt_text'] for index in range(6)]
    assert texts != [first[index]['gt_text'] for index in range(6)]


def test_pauses_are_as_long_as_drawn(path):
    clips = dataset(path, count=(2, 2), pause=(0.05, 0.1))
    lengths = {len(clips[index]['speech']) for index in range(6)}
    assert min(lengths) >= 250
    assert max(lengths) <= 300
    assert len(lengths) > 1


def test_clips_go_through_their_own_pipeline(path):
    fast = dict(type='SpeedPerturb', speed=(2.0, 2.0))
    clips = dataset(path, (fast,), count=(3, 3))
    # The clip itself would be slowed down before.
    assert len(clips[0]['speech']) == 100 + 50 + 50


def test_what_cannot_be_joined_stays(path):
    clips = dataset(path)
    assert clips[6]['speech'] is None
    assert clips[7]['speech'].tolist() == [19] * 100
    assert 'gt_text' not in clips[7]


def test_a_group_without_clips_is_named(path):
    sample = PackedTriModalDataset(path)[0]
    join = JoinClips(PackedTriModalDataset(path, indices=[3, 4]))
    with pytest.raises(ValueError, match=r"'1' of sample '11'.*\['2'\]"):
        join(sample)


@pytest.mark.parametrize(
    'arguments',
    [
        {'count': (0, 3)},
        {'count': (3, 2)},
        {'count': (1.5, 2)},
        {'pause': (-1, 0)},
        {'gain': (1, 0.5)},
        {'fade': -0.1},
        {'prob': 2.0},
    ],
)
def test_bad_arguments(path, arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        JoinClips(PackedTriModalDataset(path), **arguments)
