from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from trimodal.datasets.transforms import AddNoise
from trimodal.datasets.transforms.noise import NoiseFolder

RATE = 16000


def sample(waveform: np.ndarray, seed: int = 0) -> dict[str, Any]:
    return {
        'speech': waveform,
        'speech_sample_rate': RATE,
        'rng': np.random.default_rng(seed),
    }


def voice(length: int = 8000) -> np.ndarray:
    return np.sin(np.arange(length) / 7).astype(np.float32) * 0.3


def measured_snr(clean: np.ndarray, noisy: np.ndarray) -> float:
    clean, noisy = clean.astype(np.float64), noisy.astype(np.float64)
    powers = np.mean(clean**2) / np.mean((noisy - clean) ** 2)
    return float(10 * np.log10(powers))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three noises: long mono, short stereo, another rate in a sub-folder."""
    rng = np.random.default_rng(1)
    (tmp_path / 'sub').mkdir()
    (tmp_path / 'notes.txt').write_text('no audio')
    (tmp_path / 'long.mp3').write_text('not read: jumps are not exact')
    soundfile.write(tmp_path / 'long.wav', rng.uniform(-1, 1, 40000), RATE)
    soundfile.write(
        tmp_path / 'short.flac', rng.uniform(-1, 1, (900, 2)), RATE
    )
    soundfile.write(
        tmp_path / 'sub' / 'rate.ogg', rng.uniform(-1, 1, 30000), 22050
    )
    return tmp_path


@pytest.mark.parametrize('snr', [-5.0, 0.0, 10.0, 35.0])
def test_white_noise_meets_the_ratio(snr: float) -> None:
    clean = voice()
    noisy = AddNoise(snr=(snr, snr))(sample(clean))['speech']
    assert noisy.dtype == np.float32
    assert measured_snr(clean, noisy) == pytest.approx(snr, abs=1e-3)


def test_white_noise_is_white_and_gaussian() -> None:
    clean = voice(1 << 16)
    noise = AddNoise(snr=(0, 0))(sample(clean))['speech'] - clean
    noise /= noise.std()
    spectrum = np.abs(np.fft.rfft(noise)[1:]) ** 2
    bands = spectrum.reshape(8, -1).mean(axis=1)
    np.testing.assert_allclose(bands / bands.mean(), 1, atol=0.06)
    assert np.mean(noise**4) == pytest.approx(3, abs=0.1)


def test_ratios_fill_the_range() -> None:
    clean, add = voice(1000), AddNoise(snr=(10, 30))
    ratios = [
        measured_snr(clean, add(sample(clean, seed))['speech'])
        for seed in range(200)
    ]
    assert 9.99 < min(ratios) < 11
    assert 29 < max(ratios) < 30.01


def test_int16_speech_gets_noise_of_its_scale() -> None:
    clean = (voice() * 32767).astype(np.int16)
    noisy = AddNoise(snr=(20, 20))(sample(clean))['speech']
    assert measured_snr(clean / 32768, noisy) == pytest.approx(20, abs=1e-2)


@pytest.mark.parametrize('seed', range(6))
def test_recordings_meet_the_ratio(folder: Path, seed: int) -> None:
    clean = voice()
    add = AddNoise(snr=(5, 5), folder=str(folder))
    noisy = add(sample(clean, seed))['speech']
    assert noisy.shape == clean.shape
    assert measured_snr(clean, noisy) == pytest.approx(5, abs=1e-3)


def test_silence_stays_silent() -> None:
    silent = np.zeros(100, np.int16)
    result = AddNoise()(sample(silent))['speech']
    assert result.dtype == np.float32
    assert not result.any()
    assert AddNoise()(sample(silent[:0]))['speech'].shape == (0,)


def test_silent_recording_adds_nothing(tmp_path: Path) -> None:
    soundfile.write(tmp_path / 'silent.wav', np.zeros(9000), RATE)
    clean = voice()
    result = AddNoise(folder=str(tmp_path))(sample(clean))['speech']
    np.testing.assert_array_equal(result, clean)


class TestNoiseFolder:
    def test_finds_audio_files_in_order(self, folder: Path) -> None:
        names = [path.name for path in NoiseFolder(folder).files]
        assert names == ['long.wav', 'short.flac', 'rate.ogg']

    def test_excerpt_is_a_stretch_of_a_file(self, tmp_path: Path) -> None:
        ramp = (np.arange(5000) / 8192).astype(np.float32)
        soundfile.write(tmp_path / 'a.wav', ramp, RATE, subtype='FLOAT')
        noise, starts = NoiseFolder(tmp_path), set()
        for seed in range(20):
            rng = np.random.default_rng(seed)
            excerpt = noise.excerpt(4000, RATE, rng)
            start = round(float(excerpt[0]) * 8192)
            np.testing.assert_array_equal(excerpt, ramp[start : start + 4000])
            starts.add(start)
        assert len(starts) > 15

    def test_short_file_repeats_and_stereo_is_averaged(
        self, tmp_path: Path
    ) -> None:
        stereo = np.stack([np.arange(5), np.arange(5) + 1], 1) / 8
        soundfile.write(tmp_path / 'a.wav', stereo, RATE, subtype='FLOAT')
        excerpt = NoiseFolder(tmp_path).excerpt(
            12, RATE, np.random.default_rng(0)
        )
        expected = (np.arange(12) % 5 + 0.5) / 8
        np.testing.assert_allclose(excerpt, expected)

    def test_other_rate_is_resampled(self, tmp_path: Path) -> None:
        time = np.arange(32000) / 32000
        soundfile.write(
            tmp_path / 'a.wav', 0.5 * np.sin(2 * np.pi * 500 * time), 32000
        )
        excerpt = NoiseFolder(tmp_path).excerpt(
            8000, RATE, np.random.default_rng(0)
        )
        spectrum = np.abs(np.fft.rfft(excerpt * np.hanning(8000)))
        assert np.argmax(spectrum) * RATE / 8000 == 500

    def test_faults(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match='existing folder, got'):
            AddNoise(folder=str(tmp_path / 'none'))
        with pytest.raises(ValueError, match='must hold audio files'):
            AddNoise(folder=str(tmp_path))
        soundfile.write(tmp_path / 'empty.wav', np.zeros(0), RATE)
        with pytest.raises(ValueError, match=r"empty.wav' has no samples"):
            AddNoise(folder=str(tmp_path))(sample(voice()))


def test_bad_snr() -> None:
    with pytest.raises(ValueError, match='snr must be two numbers'):
        AddNoise(snr=(30, 10))
