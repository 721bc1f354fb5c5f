import shutil
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from tests.datasets.converters.sources import contents, write_clips
from trimodal.datasets.annotations import load_annotations
from trimodal.datasets.converters import (
    ConnectedDigitsOptions,
    ConversionError,
    convert_connected_digits,
)

OPTIONS = ConnectedDigitsOptions(val='speaker', sentences=6)


@pytest.fixture(scope='module')
def fsdd(tmp_path_factory):
    root = tmp_path_factory.mktemp('fsdd')
    write_clips(root)
    return root


@pytest.fixture(scope='module')
def converted(fsdd, tmp_path_factory):
    out = tmp_path_factory.mktemp('connected') / 'out'
    counts = convert_connected_digits(fsdd, out, OPTIONS, workers=2)
    assert counts == {'train': 20, 'val': 6, 'test': 6}
    return out


@pytest.mark.parametrize('split', ['train', 'val', 'test'])
def test_annotations_are_valid(converted, split):
    file, faults = load_annotations(converted / split / 'annotations.json')
    assert not faults
    speaker = {'train': 'anna', 'val': 'nicolas', 'test': 'yweweler'}[split]
    assert {s.group for s in file.samples} == {speaker}


def test_single_clips_are_those_of_the_source(converted, fsdd):
    for path in (converted / 'train' / 'speech').iterdir():
        source = fsdd / 'recordings' / path.name
        assert path.read_bytes() == source.read_bytes()


def test_sentences_are_their_clips_one_after_the_other(converted, fsdd):
    folder = converted / 'val'
    file, _ = load_annotations(folder / 'annotations.json')
    for sample in file.samples:
        joined, rate = soundfile.read(folder / sample.media['speech_path'])
        assert rate == 8000
        start, facts = 0, sample.metadata
        for name, peak, pause in zip(
            facts['recordings'],
            facts['peaks'],
            [*facts['pauses_ms'], 0],
            strict=True,
        ):
            clip, _ = soundfile.read(fsdd / 'recordings' / name)
            part = joined[start : start + len(clip)]
            # Away from the ends, which fade.
            inner = slice(40, -40)
            expected = clip * peak / np.abs(clip).max()
            np.testing.assert_allclose(part[inner], expected[inner], atol=1e-4)
            start += len(clip) + 8 * pause
            assert not joined[start - 8 * pause : start].any()
        assert start == len(joined)


def test_same_bytes_with_one_process(converted, fsdd, tmp_path):
    convert_connected_digits(fsdd, tmp_path / 'out', OPTIONS)
    assert contents(tmp_path / 'out') == contents(converted)


def test_an_interrupted_run_goes_on(converted, fsdd, tmp_path):
    out = tmp_path / 'out'
    shutil.copytree(converted, out)
    (out / 'test' / 'annotations.json').unlink()
    next((out / 'val' / 'speech').iterdir()).unlink()
    convert_connected_digits(fsdd, out, OPTIONS)
    assert contents(out) == contents(converted)
    with pytest.raises(ConversionError, match='seed was 0, now 5'):
        convert_connected_digits(fsdd, out, replace(OPTIONS, seed=5))


def test_a_digit_that_nobody_says(tmp_path):
    write_clips(tmp_path)
    for path in (tmp_path / 'recordings').glob('4_nicolas_*'):
        path.unlink()
    with pytest.raises(ConversionError, match=r"\[4\] for split 'val'"):
        convert_connected_digits(tmp_path, tmp_path / 'out', OPTIONS)


def test_sample_rates_must_be_one(tmp_path):
    write_clips(tmp_path)
    for path in (tmp_path / 'recordings').glob('*_nicolas_0.wav'):
        soundfile.write(path, np.ones(400), 16000)
    with pytest.raises(ConversionError, match=r'\[8000, 16000\] Hz'):
        convert_connected_digits(tmp_path, tmp_path / 'out', OPTIONS)
