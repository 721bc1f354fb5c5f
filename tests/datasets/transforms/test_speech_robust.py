"""Equalizer and trimming."""

from typing import Any

import numpy as np
import pytest
from scipy import signal

from trimodal.datasets.transforms import EqualizerPerturb, TrimEdges

RATE = 8000


def speech(waveform: np.ndarray, seed: int = 0) -> dict[str, Any]:
    return {'speech': waveform, 'rng': np.random.default_rng(seed)}


class TestEqualizerPerturb:
    def test_gain_of_a_sine_is_the_drawn_one(self) -> None:
        """At the frequencies that have a gain of their own."""
        time = np.arange(RATE) / RATE
        for seed in range(5):
            drawn = np.random.default_rng(seed).uniform(-12, 12, 5)
            for band in (1, 2, 3):
                wave = np.sin(2 * np.pi * 1000 * band * time)
                wave = wave.astype(np.float32)
                out = EqualizerPerturb(max_gain=12)(speech(wave, seed))
                gain = 10 ** (drawn[band] / 20)
                np.testing.assert_allclose(
                    out['speech'], gain * wave, atol=1e-4
                )
                assert out['speech'].dtype == np.float32

    def test_spectrum_changes_as_scipy_measures_it(self) -> None:
        wave = np.random.default_rng(1).normal(size=2 * RATE)
        wave = wave.astype(np.float32)
        out = EqualizerPerturb(max_gain=20, bands=3)(speech(wave, 7))
        drawn = np.random.default_rng(7).uniform(-20, 20, 3)
        f, before = signal.welch(wave, RATE)
        _, after = signal.welch(out['speech'], RATE)
        want = np.interp(f, [0, 2000, 4000], drawn)
        got = 10 * np.log10(after / before)
        np.testing.assert_allclose(got[4:-4], want[4:-4], atol=0.6)

    def test_no_gain_keeps_the_samples(self) -> None:
        wave = np.random.default_rng(0).normal(size=333).astype(np.float32)
        out = EqualizerPerturb(max_gain=0)(speech(wave))['speech']
        np.testing.assert_allclose(out, wave, atol=1e-6)

    def test_int16_is_scaled(self) -> None:
        wave = np.full(50, 16384, np.int16)
        out = EqualizerPerturb(max_gain=0)(speech(wave))['speech']
        np.testing.assert_allclose(out, 0.5, atol=1e-6)

    @pytest.mark.parametrize('length', [0, 1, 2])
    def test_hardly_anything(self, length: int) -> None:
        out = EqualizerPerturb()(speech(np.ones(length, np.float32)))
        assert out['speech'].shape == (length,)
        assert np.isfinite(out['speech']).all()

    def test_bad_arguments(self) -> None:
        with pytest.raises(ValueError, match='max_gain must be'):
            EqualizerPerturb(max_gain=-1)
        with pytest.raises(ValueError, match='bands must be'):
            EqualizerPerturb(bands=1)


class TestTrimEdges:
    def test_what_is_left_lies_inside(self) -> None:
        wave = np.arange(1000, dtype=np.int16)
        starts, ends = [], []
        for seed in range(400):
            left = TrimEdges(max_fraction=0.2)(speech(wave, seed))['speech']
            np.testing.assert_array_equal(np.diff(left), 1)
            starts.append(int(left[0]))
            ends.append(999 - int(left[-1]))
        for cut in (starts, ends):
            assert 190 <= max(cut) <= 200
            # About half of the samples keep an end.
            assert 0.4 < np.mean(np.array(cut) == 0) < 0.6

    def test_something_is_always_left(self) -> None:
        for seed in range(50):
            for length in (1, 2, 3):
                wave = np.ones(length, np.float32)
                trimmed = TrimEdges(max_fraction=0.5)(speech(wave, seed))
                assert len(trimmed['speech']) >= 1

    def test_nothing_stays_nothing(self) -> None:
        wave = np.zeros(0, np.int16)
        assert TrimEdges()(speech(wave))['speech'].shape == (0,)

    def test_bad_fraction(self) -> None:
        with pytest.raises(ValueError, match='max_fraction must be'):
            TrimEdges(max_fraction=0.6)
