"""The damage of the hard TriDigits, measured."""

import numpy as np
import pytest

from trimodal.datasets.converters import tridigits_hard_parts as parts


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def word() -> np.ndarray:
    """Half a second of something loud, int16."""
    time = np.arange(4000) / 8000
    tone = np.sin(2 * np.pi * 440 * time) * np.hanning(4000)
    return (32767 * tone).astype(np.int16)


def added_noise(mixed: np.ndarray, speech: np.ndarray) -> np.ndarray:
    """What is in ``mixed`` beside a multiple of ``speech``, relative to it.

    The noise is all but orthogonal to the speech, so that least squares find
    the factor by which both were turned down.
    """
    mixed, speech = mixed.astype(float), speech.astype(float)
    factor = mixed @ speech / (speech @ speech)
    return mixed / factor - speech


@pytest.mark.parametrize(('level', 'snr'), [(1.0, 0.0), (0.5, 6.0206)])
def test_speech_has_the_ratio_of_its_level(level, snr):
    speech = word()
    found = []
    for seed in range(20):
        mixed = parts.noisy_speech(speech, 8000, level, rng(seed))
        assert mixed.dtype == np.int16
        assert mixed.shape == speech.shape
        noise = added_noise(mixed, speech)
        powers = np.mean(speech.astype(float) ** 2) / np.mean(noise**2)
        found.append(10 * np.log10(powers))
    assert np.mean(found) == pytest.approx(snr, abs=0.2)
    assert np.std(found) < 0.5


def test_speech_is_turned_down_rather_than_clipped():
    mixed = parts.noisy_speech(word(), 8000, 1.0, rng())
    assert np.abs(mixed.astype(int)).max() == parts.INT16_MAX
    assert (np.abs(mixed.astype(int)) == parts.INT16_MAX).sum() == 1


@pytest.mark.parametrize('waveform', [[], [7], [0, 0, 0, 0]])
def test_speech_without_power_stays(waveform):
    waveform = np.array(waveform, np.int16)
    np.testing.assert_array_equal(
        parts.noisy_speech(waveform, 8000, 1.0, rng()), waveform
    )


@pytest.mark.parametrize('exponent', [0.0, 1.0, 2.0])
def test_noise_has_its_colour(exponent):
    noise = parts.coloured_noise(1 << 18, 8000, exponent, rng())
    power = np.abs(np.fft.rfft(noise)) ** 2
    frequencies = np.fft.rfftfreq(len(noise), 1 / 8000)

    def band(low: float, high: float) -> float:
        return power[(frequencies >= low) & (frequencies < high)].mean()

    # An octave up, the power falls by 2 ** exponent.
    for low in (200, 800, 1600):
        ratio = band(low, low * 1.1) / band(2 * low, 2.2 * low)
        assert ratio == pytest.approx(2**exponent, rel=0.1)
    assert band(5, 45) == pytest.approx(band(55, 95), rel=0.3)
    assert abs(noise.mean()) < 1e-9


def hands(frames: int = 40) -> dict[str, np.ndarray]:
    """A right hand in all frames but the first, float16."""
    data = np.full((frames, 2, 21, 3), np.nan, np.float16)
    data[1:, 1] = 0.5
    valid = np.isfinite(data).all((2, 3))
    return {
        'data': data,
        'score': valid.astype(np.float16),
        'valid': valid,
    }


@pytest.mark.parametrize('level', [0.5, 1.0])
def test_landmarks_are_shaken_and_lost(level):
    shaken = parts.shaken_hands(hands(4000), level, rng())
    moved = shaken['data'][:, 1].astype(float) - 0.5
    lost = np.isnan(moved).all((1, 2))
    assert np.isnan(moved).any((1, 2)).sum() == lost.sum()
    assert lost.mean() == pytest.approx(level * parts.DROP, abs=0.03)
    assert np.nanstd(moved) == pytest.approx(level * parts.JITTER, rel=0.02)
    assert np.nanmean(moved) == pytest.approx(0, abs=0.01)
    assert np.isnan(shaken['data'][:, 0]).all()
    assert not shaken['valid'][lost].any()
    assert not shaken['score'][lost].any()
    assert shaken['valid'][~lost, 1].all()
    for name, values in hands().items():
        assert shaken[name].dtype == values.dtype


def test_a_seen_frame_stays(monkeypatch):
    monkeypatch.setattr(parts, 'DROP', 1.0)
    shaken = parts.shaken_hands(hands(), 1.0, rng())
    assert shaken['valid'].sum() == 1
    nobody = {'data': np.full((3, 2, 21, 3), np.nan, np.float16)}
    assert np.isnan(parts.shaken_hands(nobody, 1.0, rng())['data']).all()


def pictures() -> np.ndarray:
    """A hundred pictures with a falling spectrum, uint8 [100, 6, 5, 3]."""
    scores = rng().standard_normal((100, 20)) * 2.0 ** -np.arange(20)
    grey = (
        128 + 40 * scores @ np.linalg.qr(rng(1).standard_normal((30, 20)))[0].T
    )
    grey = grey.clip(0, 255).astype(np.uint8).reshape(100, 6, 5, 1)
    return np.repeat(grey, 3, axis=3)


@pytest.mark.parametrize('share', [0.75, 0.3])
def test_pictures_lose_a_share_of_their_variance(share):
    given = pictures()
    fitted = parts.PictureFilter.fit(given, share)
    left = np.stack([fitted(picture) for picture in given]).astype(float)
    assert left.min() == 0 or fitted.low == 0
    scale = (fitted.high - fitted.low) / 255
    variance = given.astype(float).var(0).sum()
    kept = (left * scale).var(0).sum() / variance
    # Rounding to whole grey levels adds a little.
    assert 1 - kept == pytest.approx(share, abs=0.01)


def test_pictures_lose_the_strongest_components():
    given = pictures()
    flat = given.reshape(100, -1).astype(float)
    fitted = parts.PictureFilter.fit(given, 0.75)
    values, vectors = np.linalg.eigh(np.cov(flat.T))
    values, vectors = values[::-1], vectors[:, ::-1]
    shares = values.cumsum() / values.sum()
    count = int((shares < 0.75).sum()) + 1
    assert len(fitted.components) == count
    scores = (fitted.remove(flat) - flat.mean(0)) @ vectors
    whole = (flat - flat.mean(0)) @ vectors
    np.testing.assert_allclose(scores[:, : count - 1], 0, atol=1e-8)
    np.testing.assert_allclose(scores[:, count:], whole[:, count:], atol=1e-8)
    assert 0 < fitted.factors[-1] < 1


def test_no_share_leaves_pictures_as_they_are():
    given = pictures()
    fitted = parts.PictureFilter.fit(given, 0.0)
    assert len(fitted.components) == 0
    np.testing.assert_array_equal(fitted(given[3]), given[3])
    alike = parts.PictureFilter.fit(np.repeat(given[:1], 4, axis=0), 0.75)
    np.testing.assert_array_equal(alike(given[0]), given[0])
