import numpy as np
import pytest
from scipy.signal import lfilter, welch

from trimodal.datasets.converters.demo_speech import (
    SAMPLE_RATE,
    WORDS,
    Voice,
    _resonate,
    speak,
)

LOW = Voice(pitch=100.0, tract=1.0, breath=0.1, melody=0.0)
HIGH = Voice(pitch=220.0, tract=1.15, breath=0.1, melody=0.0)


def say(*words, voice=LOW, speed=1.0, seed=0):
    wave = speak(words, voice, speed, np.random.default_rng(seed))
    return wave / 32768


def share_above(wave, hertz):
    frequency, power = welch(wave, SAMPLE_RATE, nperseg=256)
    return power[frequency > hertz].sum() / power.sum()


@pytest.mark.parametrize('word', WORDS)
def test_a_word(word):
    wave = speak((word,), LOW, 1.0, np.random.default_rng(0))
    assert wave.dtype == np.int16
    assert 0.3 < len(wave) / SAMPLE_RATE < 0.7
    assert 0.2 < np.abs(wave / 32768).max() < 0.9
    again = speak((word,), LOW, 1.0, np.random.default_rng(0))
    np.testing.assert_array_equal(wave, again)
    other = speak((word,), LOW, 1.0, np.random.default_rng(1))
    assert len(other) != len(wave) or (other != wave).any()


def test_speed_and_number_of_words_set_the_duration():
    slow, fast = (len(say('show', speed=s)) for s in (0.8, 1.25))
    assert 1.3 < slow / fast < 1.7  # 1.56 without the pauses
    assert len(say('show', 'now')) > 1.5 * len(say('show'))


@pytest.mark.parametrize('voice', [LOW, HIGH])
def test_the_pitch_is_that_of_the_voice(voice):
    wave = say('lower', voice=voice)
    middle = wave[len(wave) // 3 : 2 * len(wave) // 3]
    echo = np.correlate(middle, middle, 'full')[len(middle) - 1 :]
    shortest = SAMPLE_RATE // 300
    period = shortest + echo[shortest : SAMPLE_RATE // 60].argmax()
    assert SAMPLE_RATE / period == pytest.approx(voice.pitch, rel=0.08)


@pytest.mark.parametrize('voice', [LOW, HIGH])
def test_show_begins_and_raise_ends_with_friction(voice):
    show, rise = say('show', voice=voice), say('raise', voice=voice)
    half = len(show) // 2
    assert share_above(show[:half], 2000) > 0.5
    assert share_above(show[half:], 2000) < 0.1
    half = len(rise) // 2
    assert share_above(rise[:half], 4000) < 0.05
    assert share_above(rise[half:], 4000) > 0.2


def test_vowels_differ_in_their_second_formant():
    """'raise' has an [ei] (1.9 to 2.2 kHz), 'lower' an [ou] (0.9 kHz)."""

    def voiced_share(word):
        wave = say(word)
        part = wave[int(0.3 * len(wave)) : int(0.6 * len(wave))]
        frequency, power = welch(part, SAMPLE_RATE, nperseg=512)
        high = power[(frequency > 1500) & (frequency < 2600)].sum()
        low = power[(frequency > 600) & (frequency < 1300)].sum()
        return high / low

    assert voiced_share('raise') > 5 * voiced_share('lower')


def test_a_resonance_that_stays_is_a_plain_filter():
    signal = np.random.default_rng(0).normal(size=128 * 7)
    radius = np.exp(-np.pi * 80 / SAMPLE_RATE)
    angle = 2 * np.pi * 1200 / SAMPLE_RATE
    poles = [1, -2 * radius * np.cos(angle), radius**2]
    np.testing.assert_allclose(
        _resonate(signal, np.full(7, 1200.0), 80.0),
        lfilter([sum(poles)], poles, signal),
        atol=1e-10,
    )


def test_a_resonance_that_glides_does_not_click():
    tone = np.sin(2 * np.pi * 200 / SAMPLE_RATE * np.arange(128 * 20))
    glided = _resonate(tone, np.linspace(400, 2400, 20), 80.0)
    curvature = np.abs(np.diff(glided, 2))
    borders = np.arange(128, len(tone), 128) - 2
    inside = np.delete(curvature, np.concatenate([borders, borders + 1]))
    assert curvature[borders].max() < 3 * inside.max()
