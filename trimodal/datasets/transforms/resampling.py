"""Band-limited resampling with filters that are designed only once."""

from functools import lru_cache
from math import gcd

import numpy as np
from scipy import signal


def resample(waveform: np.ndarray, up: int, down: int) -> np.ndarray:
    """Change the number of samples by the ratio ``up / down``.

    The same windowed-sinc filter as :func:`scipy.signal.resample_poly`'s
    default. scipy designs it anew on every call, which takes longer than
    using it; here each ratio's filter is kept.

    Args:
        waveform (np.ndarray): float32 ``[N]``.
        up (int): New rate, in any unit.
        down (int): Old rate, in the same unit.

    Returns:
        np.ndarray: float32 ``[ceil(N * up / down)]``.
    """
    divisor = gcd(up, down)
    up, down = up // divisor, down // divisor
    if up == down or not len(waveform):
        return waveform
    return signal.resample_poly(waveform, up, down, window=_lowpass(up, down))


@lru_cache(maxsize=128)
def _lowpass(up: int, down: int) -> np.ndarray:
    longest = max(up, down)
    taps = signal.firwin(20 * longest + 1, 1 / longest, window=('kaiser', 5.0))
    return taps.astype(np.float32)
