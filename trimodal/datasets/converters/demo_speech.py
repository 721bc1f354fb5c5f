"""The demo's speech: a small formant synthesiser.

A source (pulses of the voice, breath) passes resonances of the mouth, which
glide from sound to sound (Klatt, 'Software for a cascade/parallel formant
synthesizer', JASA 67, 1980, cut down to what a few words need).
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

SAMPLE_RATE = 16000

_BLOCK = 128  # samples between two updates of the resonances: 8 ms
_BANDWIDTHS = (60.0, 90.0, 150.0, 200.0)
_FOURTH = 3500.0  # the fourth formant hardly moves
_HISS = 0.06  # loudness of full friction beside a full voice


@dataclass(frozen=True)
class Sound:
    """A target that the mouth glides to.

    Args:
        formants (tuple[float, float, float]): First three, Hz, for a man.
        voice (float): Strength of the voice, 0 to 1.
        hiss (float): Strength of the friction, 0 to 1.
        hiss_centre (float): Its frequency, Hz.
        seconds (float): How long the sound lasts at normal speed.
    """

    formants: tuple[float, float, float]
    voice: float
    hiss: float
    hiss_centre: float
    seconds: float


@dataclass(frozen=True)
class Voice:
    """A speaker.

    Args:
        pitch (float): Mean pitch, Hz.
        tract (float): Formants are multiplied by this: above 1 for a
            shorter vocal tract than a man's.
        breath (float): Noise in the voice, 0 to 1.
        melody (float): Relative fall of the pitch over a word.
    """

    pitch: float
    tract: float
    breath: float
    melody: float


_SOUNDS = {
    'r': Sound((310, 1060, 1380), 0.7, 0.0, 0.0, 0.07),
    'e': Sound((480, 1900, 2500), 1.0, 0.0, 0.0, 0.11),
    'i': Sound((320, 2250, 2950), 0.9, 0.0, 0.0, 0.09),
    'z': Sound((280, 1700, 2600), 0.35, 0.35, 5500.0, 0.11),
    'l': Sound((360, 1200, 2700), 0.7, 0.0, 0.0, 0.07),
    'o': Sound((520, 900, 2400), 1.0, 0.0, 0.0, 0.12),
    'u': Sound((320, 850, 2250), 0.9, 0.0, 0.0, 0.1),
    'er': Sound((490, 1350, 1690), 0.9, 0.0, 0.0, 0.14),
    'sh': Sound((320, 1800, 2600), 0.0, 0.8, 3000.0, 0.13),
    'm': Sound((250, 1000, 2200), 0.5, 0.0, 0.0, 0.09),
    'v': Sound((280, 1100, 2300), 0.4, 0.12, 4500.0, 0.1),
    'n': Sound((250, 1450, 2500), 0.5, 0.0, 0.0, 0.08),
    'a': Sound((750, 1300, 2500), 1.0, 0.0, 0.0, 0.12),
}
_SPELLING = {
    'raise': ('r', 'e', 'i', 'z'),
    'lower': ('l', 'o', 'u', 'er'),
    'show': ('sh', 'o', 'u'),
    'move': ('m', 'u', 'u', 'v'),
    'now': ('n', 'a', 'u'),
}
WORDS = tuple(_SPELLING)


def speak(
    words: tuple[str, ...],
    voice: Voice,
    speed: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Say some words.

    Args:
        words (tuple[str, ...]): Of :data:`WORDS`.
        voice (Voice): Who speaks.
        speed (float): 1 is normal, 2 twice as fast.
        rng (numpy.random.Generator): Source of noise and of the small
            differences between two utterances.

    Returns:
        numpy.ndarray: int16 ``[N]`` at :data:`SAMPLE_RATE`, with short
        pauses before and after and some noise in the background.
    """
    sounds = [_SOUNDS[name] for word in words for name in _SPELLING[word]]
    track = _track(sounds, speed, rng)
    spoken = _voiced(track, voice, rng) + _hissed(track, rng)
    spoken /= np.abs(spoken).max()
    pauses = rng.integers(SAMPLE_RATE // 50, SAMPLE_RATE // 12, 2)
    spoken = np.pad(spoken, tuple(pauses)) * rng.uniform(0.3, 0.8)
    spoken += rng.normal(0.0, 10 ** rng.uniform(-3.0, -2.2), len(spoken))
    return np.round(np.clip(spoken, -1.0, 1.0) * 32767).astype(np.int16)


def _track(
    sounds: list[Sound], speed: float, rng: np.random.Generator
) -> np.ndarray:
    """Controls over time, float64 ``[blocks, 6]``.

    Columns: three formants, voice, hiss and the hiss's frequency.
    """
    seconds = np.array([s.seconds for s in sounds]) / speed
    seconds *= rng.uniform(0.9, 1.1, len(sounds))
    targets = np.array(
        [[*s.formants, s.voice, s.hiss, s.hiss_centre] for s in sounds]
    )
    targets[:, :3] *= rng.normal(1.0, 0.03, (len(sounds), 3))
    ends = np.cumsum(seconds)
    # Each target is held in the middle of its sound and glided to between.
    times = np.stack([ends - 0.7 * seconds, ends - 0.3 * seconds], 1).ravel()
    blocks = np.arange(int(ends[-1] * SAMPLE_RATE / _BLOCK))
    now = blocks * _BLOCK / SAMPLE_RATE
    held = targets.repeat(2, axis=0)
    track = np.stack([np.interp(now, times, c) for c in held.T], axis=1)
    # The voice sets in and dies away within 30 ms.
    edge = np.minimum(now, ends[-1] - now) / 0.03
    track[:, 3:5] *= np.clip(edge, 0.0, 1.0)[:, None]
    return track


def _voiced(
    track: np.ndarray, voice: Voice, rng: np.random.Generator
) -> np.ndarray:
    """Pulses and breath through a cascade of formants, float64 ``[N]``."""
    count = len(track) * _BLOCK
    progress = np.linspace(0.0, 1.0, count)
    wobble = np.interp(progress, np.linspace(0, 1, 6), rng.normal(0, 1, 6))
    pitch = voice.pitch * (
        1.0 + voice.melody * (0.5 - progress) + 0.02 * wobble
    )
    phase = np.cumsum(pitch / SAMPLE_RATE) + rng.uniform()
    # One pulse of airflow a period, its derivative strongest at the close.
    part = phase % 1.0
    flow = np.where(part < 0.6, part * part * (0.6 - part), 0.0) * 30.0
    source = np.diff(flow, prepend=flow[0]) * (SAMPLE_RATE / pitch) / 10.0
    source += voice.breath * 0.1 * rng.normal(0.0, 1.0, count)
    source *= track[:, 3].repeat(_BLOCK)
    formants = np.column_stack(
        [track[:, :3], np.full(len(track), _FOURTH)]
    ) * np.array([voice.tract])
    for centres, width in zip(formants.T, _BANDWIDTHS, strict=True):
        source = _resonate(source, centres, width)
    # Lips radiate the change of the flow: what lifts the high formants.
    return np.diff(source, prepend=0.0)


def _hissed(track: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Noise about the hiss's frequency, float64 ``[N]``."""
    noise = rng.normal(0.0, 1.0, len(track) * _BLOCK)
    noise *= track[:, 4].repeat(_BLOCK)
    centres = np.maximum(track[:, 5], 1000.0)
    hiss = _resonate(_resonate(noise, centres, 1200.0), centres, 2000.0)
    return _HISS * np.diff(hiss, prepend=0.0)


def _resonate(
    signal: np.ndarray, centres: np.ndarray, width: float
) -> np.ndarray:
    """A second-order resonance whose centre changes from block to block.

    Args:
        signal (numpy.ndarray): ``[blocks * _BLOCK]``.
        centres (numpy.ndarray): Hz, ``[blocks]``.
        width (float): Bandwidth, Hz.

    Returns:
        numpy.ndarray: The filtered signal; gain 1 at 0 Hz.
    """
    radius = np.exp(-np.pi * width / SAMPLE_RATE)
    angle = 2.0 * np.pi * np.minimum(centres, 7500.0) / SAMPLE_RATE
    first, second = -2.0 * radius * np.cos(angle), radius * radius
    out = np.empty_like(signal)
    last = before = 0.0
    for block, first_k in enumerate(first):
        inside = slice(block * _BLOCK, (block + 1) * _BLOCK)
        # A changed filter goes on from the sound, not from the old filter's
        # inner state, which would click.
        state = [-first_k * last - second * before, -second * last]
        out[inside], _ = lfilter(
            [1.0 + first_k + second],
            [1.0, first_k, second],
            signal[inside],
            zi=state,
        )
        before, last = out[inside][-2:]
    return out
