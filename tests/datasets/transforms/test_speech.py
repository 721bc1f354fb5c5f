from math import ceil
from typing import Any

import numpy as np
import pytest
import torch
import torchaudio

from trimodal.datasets.transforms import (
    CropSpeech,
    SpeedPerturb,
    TimeShift,
    VolumePerturb,
)
from trimodal.datasets.transforms.speech import to_float

RATE = 16000


def sine(hertz: float, seconds: float = 0.5) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def speech(waveform: np.ndarray, seed: int = 0) -> dict[str, Any]:
    return {
        'speech': waveform,
        'speech_sample_rate': RATE,
        'rng': np.random.default_rng(seed),
    }


class TestToFloat:
    def test_int16_full_scale_is_one(self) -> None:
        result = to_float(np.array([-32768, 0, 16384], np.int16))
        assert result.dtype == np.float32
        assert result.tolist() == [-1, 0, 0.5]

    def test_floats_become_float32(self) -> None:
        wave = np.ones(3, np.float32)
        assert to_float(wave) is wave
        assert to_float(np.ones(3)).dtype == np.float32

    def test_other_integers_have_no_known_scale(self) -> None:
        with pytest.raises(TypeError, match='int16 or float, got int32'):
            to_float(np.zeros(3, np.int32))


class TestSpeedPerturb:
    @pytest.mark.parametrize('speed', [0.9, 0.97, 1.03, 1.1])
    @pytest.mark.parametrize('hertz', [100, 440, 3000])
    def test_a_sine_changes_pitch_and_length(
        self, speed: float, hertz: float
    ) -> None:
        wave = sine(hertz)
        result = SpeedPerturb(speed=(speed, speed))(speech(wave))['speech']
        assert result.dtype == np.float32
        assert len(result) == ceil(len(wave) / speed - 1e-9)
        expected = sine(hertz * speed, seconds=1.0)[: len(result)]
        inner = slice(300, -300)  # the filter rings where the sine starts
        np.testing.assert_allclose(result[inner], expected[inner], atol=2e-3)

    def test_agrees_with_torchaudio(self) -> None:
        wave = sine(300) + sine(1700)
        expected = torchaudio.functional.resample(
            torch.from_numpy(wave), 107, 100, lowpass_filter_width=16
        ).numpy()
        result = SpeedPerturb(speed=(1.07, 1.07))(speech(wave))['speech']
        assert len(result) == len(expected)
        np.testing.assert_allclose(
            result[200:-200], expected[200:-200], atol=5e-3
        )

    def test_int16_is_scaled(self) -> None:
        wave = np.full(2000, 16384, np.int16)
        result = SpeedPerturb(speed=(0.95, 0.95))(speech(wave))['speech']
        np.testing.assert_allclose(result[200:-200], 0.5, atol=2e-3)

    def test_speed_one_keeps_the_samples(self) -> None:
        wave = sine(100)
        assert SpeedPerturb(speed=(1, 1))(speech(wave))['speech'] is wave

    def test_draws_every_hundredth_of_the_range(self) -> None:
        wave, perturb = np.zeros(10000, np.float32), SpeedPerturb()
        rng = np.random.default_rng(0)
        lengths = {
            len(perturb({'speech': wave, 'rng': rng})['speech'])
            for _ in range(400)
        }
        assert lengths == {ceil(10**6 / percent) for percent in range(90, 111)}

    def test_no_samples(self) -> None:
        empty = np.zeros(0, np.int16)
        assert SpeedPerturb()(speech(empty))['speech'].shape == (0,)

    @pytest.mark.parametrize(
        'speed', [(1.1, 0.9), (0, 1), (1, 5), 1.0, (0.901, 0.909)]
    )
    def test_bad_speed(self, speed: Any) -> None:
        with pytest.raises(ValueError, match='speed must'):
            SpeedPerturb(speed=speed)


class TestVolumePerturb:
    def test_multiplies_by_a_gain_in_the_range(self) -> None:
        wave, perturb = sine(100), VolumePerturb(gain=(0.8, 1.2))
        gains = []
        for seed in range(200):
            result = perturb(speech(wave, seed))['speech']
            gains.append(result[40] / wave[40])
            np.testing.assert_allclose(result, wave * gains[-1], rtol=1e-5)
        assert 0.8 <= min(gains) < 0.82
        assert 1.18 < max(gains) <= 1.2

    def test_does_not_clip(self) -> None:
        wave = np.array([-32768], np.int16)
        result = VolumePerturb(gain=(2, 2))(speech(wave))['speech']
        assert result.tolist() == [-2.0]

    def test_bad_gain(self) -> None:
        with pytest.raises(ValueError, match='gain must be two numbers'):
            VolumePerturb(gain=(-0.1, 1))


class TestTimeShift:
    @pytest.mark.parametrize('roll', [False, True])
    def test_is_numpy_roll_with_or_without_what_came_round(
        self, roll: bool
    ) -> None:
        wave = np.arange(1, 101, dtype=np.int16)
        shifts = set()
        for seed in range(300):
            sample = speech(wave, seed)
            shift = int(np.random.default_rng(seed).integers(-20, 21))
            result = TimeShift(max_fraction=0.2, roll=roll)(sample)['speech']
            expected = np.roll(wave, shift)
            if not roll:
                place = np.arange(100) - shift
                expected[(place < 0) | (place >= 100)] = 0
            np.testing.assert_array_equal(result, expected)
            assert result.dtype == np.int16
            shifts.add(shift)
        assert shifts == set(range(-20, 21))

    def test_whole_length(self) -> None:
        for seed in range(50):
            wave = np.ones(3, np.float32)
            result = TimeShift(max_fraction=1.0)(speech(wave, seed))
            assert result['speech'].sum() in (0, 1, 2, 3)

    def test_bad_fraction(self) -> None:
        with pytest.raises(ValueError, match='max_fraction must be'):
            TimeShift(max_fraction=1.5)


class TestCropSpeech:
    def test_random_part(self) -> None:
        wave = np.arange(RATE).astype(np.int16)
        starts = set()
        for seed in range(50):
            result = CropSpeech(max_duration=0.25)(speech(wave, seed))
            start = int(result['speech'][0])
            np.testing.assert_array_equal(
                result['speech'], wave[start : start + 4000]
            )
            starts.add(start)
        assert len(starts) > 40
        assert max(starts) <= 12000

    def test_central_part(self) -> None:
        wave = np.arange(RATE).astype(np.int16)
        crop = CropSpeech(max_duration=0.25, random=False)
        assert crop(speech(wave))['speech'][0] == 6000

    def test_short_waveforms_stay(self) -> None:
        wave = np.arange(10)
        assert CropSpeech(max_duration=1.0)(speech(wave))['speech'] is wave

    def test_bad_duration(self) -> None:
        with pytest.raises(ValueError, match='max_duration must be'):
            CropSpeech(max_duration=0)
