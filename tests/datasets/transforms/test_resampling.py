import numpy as np
import pytest
from scipy import signal

from trimodal.datasets.transforms.resampling import resample


@pytest.mark.parametrize(('up', 'down'), [(10, 9), (100, 107), (160, 441)])
def test_equals_scipy(up: int, down: int) -> None:
    noise = np.random.default_rng(0).standard_normal(2001)
    expected = signal.resample_poly(noise, up, down)
    result = resample(noise.astype(np.float32), up, down)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, atol=1e-5)


def test_reduces_the_ratio() -> None:
    noise = np.random.default_rng(0).standard_normal(500).astype(np.float32)
    np.testing.assert_array_equal(
        resample(noise, 44100, 22050), resample(noise, 2, 1)
    )


def test_same_rate_and_no_samples() -> None:
    wave = np.ones(5, np.float32)
    assert resample(wave, 16000, 16000) is wave
    assert resample(wave[:0], 2, 1).shape == (0,)
