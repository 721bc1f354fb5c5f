"""Sound files to mono waveforms."""

from math import gcd
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.signal import resample_poly

from trimodal.datasets.annotation_types import SampleAnnotation
from trimodal.datasets.preparation.audio_io import read_audio
from trimodal.datasets.preparation.base import Prepared, Preparer
from trimodal.registry import TASK_UTILS

_FULL_SCALE = 32768
_RMS_LEVEL = 0.1
_NORMALIZATIONS = ('peak', 'rms', None)


@TASK_UTILS.register_module()
class SpeechPreparer(Preparer):
    """Sound as a mono int16 waveform at one sample rate.

    In this order: mix down to mono, resample, trim silence, cut, normalise.

    Args:
        target_sample_rate (int): In Hz. Defaults to 16000.
        trim_silence (bool): Drop what is silent before the first and after
            the last sound. Defaults to True.
        silence_db (float): Silent is what is so much quieter, in dB, than
            the loudest 20 ms of the file. Defaults to 40.0.
        max_duration (float, optional): In seconds; what is longer is cut at
            its end. None keeps everything. Defaults to 10.0.
        normalize (str, optional): 'peak' scales the largest sample to full
            scale; 'rms' scales to an RMS of 0.1 of full scale (-20 dB), or
            as near as goes without clipping. None leaves the level.
            Defaults to 'peak'.

    Raises:
        ValueError: If an argument is out of range.
    """

    fields = ('speech_path',)
    empty_reason = 'nothing but silence'

    def __init__(
        self,
        target_sample_rate: int = 16000,
        trim_silence: bool = True,
        silence_db: float = 40.0,
        max_duration: float | None = 10.0,
        normalize: Literal['peak', 'rms'] | None = 'peak',
    ) -> None:
        if target_sample_rate <= 0:
            raise ValueError(
                'target_sample_rate must be above 0, got '
                f'{target_sample_rate!r}'
            )
        if silence_db <= 0:
            raise ValueError(f'silence_db must be above 0, got {silence_db!r}')
        if max_duration is not None and max_duration <= 0:
            raise ValueError(
                f'max_duration must be above 0 or None, got {max_duration!r}'
            )
        if normalize not in _NORMALIZATIONS:
            raise ValueError(
                f'normalize must be one of {_NORMALIZATIONS}, got '
                f'{normalize!r}'
            )
        self.target_sample_rate = target_sample_rate
        self.trim_silence = trim_silence
        self.silence_db = silence_db
        self.max_duration = max_duration
        self.normalize = normalize

    @property
    def attributes(self) -> dict[str, int | float | str]:
        """The sample rate in Hz."""
        return {'sample_rate': self.target_sample_rate}

    def __call__(
        self, path: Path, field: str, annotation: SampleAnnotation
    ) -> Prepared | None:
        """Prepare one sound file; None if it is silent throughout."""
        waveform = resample(*read_audio(path), self.target_sample_rate)
        if self.trim_silence:
            waveform = trim(waveform, self.target_sample_rate, self.silence_db)
            if not len(waveform):
                return None
        if self.max_duration is not None:
            limit = round(self.max_duration * self.target_sample_rate)
            waveform = waveform[: max(limit, 1)]
        return Prepared({'data': to_int16(self._level(waveform))}, annotation)

    def _level(self, waveform: np.ndarray) -> np.ndarray:
        peak = np.abs(waveform).max()
        if self.normalize is None or peak == 0:
            return waveform
        gain = 1 / peak
        if self.normalize == 'rms':
            rms = np.sqrt(np.mean(np.square(waveform, dtype=np.float64)))
            gain = min(gain, _RMS_LEVEL / rms)
        return waveform * np.float32(gain)


def resample(waveform: np.ndarray, rate: int, target_rate: int) -> np.ndarray:
    """Resample a waveform ``[N]`` through scipy's polyphase filter.

    Args:
        waveform (np.ndarray): float32 ``[N]``.
        rate (int): Its sample rate in Hz.
        target_rate (int): The wanted one.

    Returns:
        np.ndarray: float32 ``[ceil(N * target_rate / rate)]``.
    """
    if rate == target_rate:
        return waveform
    common = gcd(rate, target_rate)
    resampled = resample_poly(waveform, target_rate // common, rate // common)
    return resampled.astype(np.float32)


def trim(waveform: np.ndarray, rate: int, silence_db: float) -> np.ndarray:
    """Cut silence off both ends, in steps of 10 ms.

    Args:
        waveform (np.ndarray): float32 ``[N]``.
        rate (int): Its sample rate in Hz.
        silence_db (float): A window of 20 ms is silent if it is so much
            quieter than the loudest one.

    Returns:
        np.ndarray: A view from the first to the last window that is not
        silent; of length 0 if every sample is zero.
    """
    hop = max(rate // 100, 1)
    blocks = -(-len(waveform) // hop)
    padded = np.zeros((blocks + 1) * hop, np.float64)
    padded[: len(waveform)] = waveform
    energy = np.square(padded).reshape(-1, hop).sum(axis=1)
    windows = energy[:-1] + energy[1:]
    loud = np.flatnonzero(windows > windows.max() * 10 ** (-silence_db / 10))
    if not len(loud):
        return waveform[:0]
    return waveform[loud[0] * hop : (loud[-1] + 2) * hop]


def to_int16(waveform: np.ndarray) -> np.ndarray:
    """Floats of full scale 1 to int16 of full scale 32768, clipped."""
    scaled = np.rint(waveform * _FULL_SCALE)
    return scaled.clip(-_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)
