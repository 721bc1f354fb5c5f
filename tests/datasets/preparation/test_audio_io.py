import numpy as np
import pytest
import soundfile

from tests.datasets.preparation.media import (
    hand_frames,
    tone,
    write_sound,
    write_video,
)
from trimodal.datasets.preparation.audio_io import read_audio
from trimodal.datasets.preparation.base import MediaError


@pytest.mark.parametrize(
    ('suffix', 'tolerance'),
    [('.wav', 1e-4), ('.flac', 1e-4), ('.ogg', 0.05), ('.mp3', 0.05)],
)
def test_formats_are_read(tmp_path, suffix, tolerance):
    expected = tone(0.5)
    path = write_sound(tmp_path / f'a{suffix}', expected)
    waveform, rate = read_audio(path)
    assert rate == 16000
    assert waveform.dtype == np.float32
    assert len(waveform) == pytest.approx(len(expected), abs=2400)
    middle = slice(2000, 6000)
    np.testing.assert_allclose(
        waveform[middle], expected[middle], atol=tolerance
    )


def test_channels_are_averaged(tmp_path):
    stereo = np.stack([tone(), np.zeros_like(tone())], axis=1)
    waveform, _ = read_audio(write_sound(tmp_path / 'a.wav', stereo))
    np.testing.assert_allclose(waveform, tone() / 2, atol=1e-4)


@pytest.mark.parametrize('suffix', ['.mp4', '.mov'])
def test_the_sound_of_a_video_is_read(tmp_path, suffix):
    sound = tone(1.0)
    path = write_video(
        tmp_path / f'a{suffix}', hand_frames(3, 64), sound=sound
    )
    with pytest.raises(soundfile.LibsndfileError):
        soundfile.read(path)
    waveform, rate = read_audio(path)
    assert rate == 16000
    assert len(waveform) == pytest.approx(len(sound), abs=2100)
    # AAC may shift by its delay: compare what doesn't depend on that.
    spectrum = np.abs(np.fft.rfft(waveform[2000:14000]))
    assert np.argmax(spectrum) * 16000 / 12000 == pytest.approx(440, abs=2)
    assert waveform[4000:12000].std() == pytest.approx(0.3535, rel=0.05)


def test_unusable_files_are_refused(tmp_path):
    broken = tmp_path / 'a.wav'
    broken.write_bytes(b'RIFF but no more')
    with pytest.raises(MediaError, match='can not be decoded'):
        read_audio(broken)
    silent = write_video(tmp_path / 'a.mp4', hand_frames(3, 64))
    with pytest.raises(MediaError, match='no audio track'):
        read_audio(silent)
    empty = write_sound(tmp_path / 'e.wav', np.zeros(0, np.float32))
    with pytest.raises(MediaError, match='no audio samples'):
        read_audio(empty)
    with pytest.raises(MediaError):
        read_audio(tmp_path / 'missing.wav')


def test_samples_that_are_no_numbers_are_refused(tmp_path):
    waveform = tone()
    waveform[7] = np.nan
    path = tmp_path / 'a.wav'
    soundfile.write(path, waveform, 16000, subtype='FLOAT')
    with pytest.raises(MediaError, match='no finite numbers'):
        read_audio(path)
