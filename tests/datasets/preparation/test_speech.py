import numpy as np
import pytest
import torch
import torchaudio.functional

from tests.datasets.preparation.media import tone, write_sound
from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.preparation.speech import (
    SpeechPreparer,
    resample,
    to_int16,
    trim,
)

SAMPLE = SampleAnnotation('a', transcription='hello')


def prepare(path, **arguments):
    prepared = SpeechPreparer(**arguments)(path, 'speech_path', SAMPLE)
    return None if prepared is None else prepared.arrays['data']


@pytest.mark.parametrize('rate', [8000, 11025, 22050, 44100, 48000])
def test_resampling_agrees_with_torchaudio(rate):
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(rate).astype(np.float32)
    # Band-limited to 3 kHz: at the band's edge every filter differs.
    spectrum = np.fft.rfft(noise)
    spectrum[3000:] = 0
    waveform = np.fft.irfft(spectrum, rate).astype(np.float32)
    ours = resample(waveform, rate, 16000)
    theirs = torchaudio.functional.resample(
        torch.from_numpy(waveform), rate, 16000, lowpass_filter_width=32
    ).numpy()
    assert ours.dtype == np.float32
    assert abs(len(ours) - len(theirs)) <= 1
    inner = slice(1000, 15000)
    scale = np.abs(theirs).max()
    np.testing.assert_allclose(ours[inner], theirs[inner], atol=0.01 * scale)


def test_the_same_rate_changes_nothing():
    assert resample(tone(), 16000, 16000) is not None
    np.testing.assert_array_equal(resample(tone(), 8000, 8000), tone())


def test_int16_has_a_full_scale_of_32768():
    values = to_int16(np.array([0, 0.5, -1, 1, 2, 1 / 32768]))
    assert values.dtype == np.int16
    assert values.tolist() == [0, 16384, -32768, 32767, 32767, 1]


def test_trim_finds_the_first_and_the_last_sound():
    silence = np.zeros(4000, np.float32)
    waveform = np.concatenate([silence, tone(0.1), silence, tone(0.1)])
    trimmed = trim(np.concatenate([waveform, silence]), 16000, 40)
    # To the 20 ms window: the pause in the middle stays.
    assert len(trimmed) == pytest.approx(len(waveform) - 4000, abs=400)
    assert np.abs(trimmed[:200]).max() > 0


def test_trim_takes_quiet_for_silence_by_its_level():
    waveform = np.concatenate([0.001 * tone(0.1), tone(0.1)])  # -60 dB
    assert len(trim(waveform, 16000, 40)) == pytest.approx(1600, abs=200)
    assert len(trim(waveform, 16000, 80)) == len(waveform)


def test_a_file_becomes_int16_at_the_wanted_rate(tmp_path):
    path = write_sound(tmp_path / 'a.wav', tone(0.5, 8000), 8000)
    data = prepare(path, trim_silence=False, normalize=None)
    assert data.dtype == np.int16
    assert data.shape == (8000,)
    expected = 32768 * tone(0.5)
    np.testing.assert_allclose(
        data[500:-500], expected[500:-500], atol=0.003 * 32768
    )


def test_the_annotation_is_carried_along(tmp_path):
    path = write_sound(tmp_path / 'a.wav')
    prepared = SpeechPreparer()(path, 'speech_path', SAMPLE)
    assert prepared.annotation is SAMPLE
    assert SpeechPreparer(8000).attributes == {'sample_rate': 8000}


def test_max_duration_cuts_the_end(tmp_path):
    path = write_sound(tmp_path / 'a.wav', tone(2.0))
    assert len(prepare(path, max_duration=0.5)) == 8000
    assert len(prepare(path, max_duration=None)) == 32000


def test_normalize_peak_reaches_full_scale(tmp_path):
    path = write_sound(tmp_path / 'a.wav', 0.01 * tone())
    data = prepare(path, normalize='peak').astype(int)
    assert np.abs(data).max() >= 32767


def test_normalize_rms_reaches_a_tenth_of_full_scale(tmp_path):
    path = write_sound(tmp_path / 'a.wav', 0.02 * tone())
    data = prepare(path, normalize='rms').astype(float)
    assert np.sqrt(np.mean(data**2)) == pytest.approx(3276.8, rel=0.01)


def test_normalize_rms_does_not_clip(tmp_path):
    click = 0.001 * tone(1.0)
    click[8000] = 0.5
    data = prepare(write_sound(tmp_path / 'a.wav', click), normalize='rms')
    assert (np.abs(data.astype(int)) >= 32766).sum() == 1


def test_silence_is_absent_only_if_trimmed(tmp_path):
    path = write_sound(tmp_path / 'a.wav', np.zeros(800, np.float32))
    assert prepare(path) is None
    assert prepare(path, trim_silence=False).tolist() == [0] * 800


@pytest.mark.parametrize(
    ('argument', 'value'),
    [
        ('target_sample_rate', 0),
        ('silence_db', -3),
        ('max_duration', 0),
        ('normalize', 'loud'),
    ],
)
def test_bad_arguments_are_refused(argument, value):
    with pytest.raises(ValueError, match=f'{argument}.*{value}'):
        SpeechPreparer(**{argument: value})
