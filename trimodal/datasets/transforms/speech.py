"""Augmentations of waveforms: speed, volume, shift and length.

Shape letters: N samples of a waveform.
"""

from collections.abc import Sequence

import numpy as np

from trimodal.datasets.transforms.base import ModalityTransform, Results
from trimodal.datasets.transforms.checks import check_number, check_range
from trimodal.datasets.transforms.resampling import resample
from trimodal.registry import TRANSFORMS

INT16_FULL_SCALE = 32768


def to_float(waveform: np.ndarray) -> np.ndarray:
    """A waveform as float32, where 1.0 is full scale.

    Args:
        waveform (np.ndarray): int16 (full scale 32768) or float, ``[N]``.

    Returns:
        np.ndarray: float32 ``[N]``; the input itself if it is float32.

    Raises:
        TypeError: If the array is of another integer type.
    """
    if waveform.dtype == np.int16:
        return waveform * np.float32(1 / INT16_FULL_SCALE)
    if not np.issubdtype(waveform.dtype, np.floating):
        raise TypeError(
            f'a waveform must be int16 or float, got {waveform.dtype}'
        )
    return waveform.astype(np.float32, copy=False)


@TRANSFORMS.register_module()
class SpeedPerturb(ModalityTransform):
    """Play the waveform faster or slower: pitch and tempo change together.

    Resampled with a band-limited filter; the sample rate stays, the length
    becomes ``ceil(N / speed)``. Speeds are drawn from the whole hundredths
    in the range, so that the few filters they need are designed only once.

    Args:
        speed (Sequence[float]): Slowest and fastest speed.
            Defaults to (0.9, 1.1).
        prob (float): How likely a sample is changed. Defaults to 1.0.
        key (str): The modality's key. Defaults to 'speech'.

    Raises:
        ValueError: If ``speed`` is no range inside [0.25, 4], holds no
            whole hundredth, or ``prob`` is outside [0, 1].

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import SpeedPerturb
        >>> twice = SpeedPerturb(speed=(2.0, 2.0))
        >>> twice(dict(speech=np.zeros(16000, np.int16)))['speech'].shape
        (8000,)
    """

    def __init__(
        self,
        speed: Sequence[float] = (0.9, 1.1),
        prob: float = 1.0,
        key: str = 'speech',
    ) -> None:
        super().__init__(key, prob)
        self.speed = check_range('speed', speed, 0.25, 4)
        # The margin forgives 1.1 * 100 = 110.00000000000001.
        self._slowest = int(np.ceil(self.speed[0] * 100 - 1e-6))
        self._fastest = int(np.floor(self.speed[1] * 100 + 1e-6))
        if self._slowest > self._fastest:
            raise ValueError(
                'speed must hold at least one whole hundredth, such as '
                f'(0.95, 0.95), got {speed!r}'
            )

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Resample by a drawn speed."""
        percent = int(rng.integers(self._slowest, self._fastest + 1))
        return {self.key: resample(to_float(results[self.key]), 100, percent)}


@TRANSFORMS.register_module()
class VolumePerturb(ModalityTransform):
    """Multiply the waveform by a random gain.

    The result is float32 and not clipped: a loud waveform may exceed 1.

    Args:
        gain (Sequence[float]): Smallest and largest factor of the
            amplitude. Defaults to (0.8, 1.2).
        prob (float): How likely a sample is changed. Defaults to 1.0.
        key (str): The modality's key. Defaults to 'speech'.

    Raises:
        ValueError: If ``gain`` is no range of numbers >= 0 or ``prob`` is
            outside [0, 1].

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import VolumePerturb
        >>> halve = VolumePerturb(gain=(0.5, 0.5))
        >>> halve(dict(speech=np.array([16384, -32768], np.int16)))['speech']
        array([ 0.25, -0.5 ], dtype=float32)
    """

    def __init__(
        self,
        gain: Sequence[float] = (0.8, 1.2),
        prob: float = 1.0,
        key: str = 'speech',
    ) -> None:
        super().__init__(key, prob)
        self.gain = check_range('gain', gain, 0)

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Scale by a drawn gain."""
        gain = np.float32(rng.uniform(*self.gain))
        return {self.key: to_float(results[self.key]) * gain}


@TRANSFORMS.register_module()
class TimeShift(ModalityTransform):
    """Move the waveform in time; its length and dtype stay.

    Args:
        max_fraction (float): Longest shift, to either side, as a fraction
            of the length. Defaults to 0.1.
        roll (bool): Whether what leaves at one end comes in at the other;
            otherwise silence comes in. Defaults to False.
        prob (float): How likely a sample is changed. Defaults to 1.0.
        key (str): The modality's key. Defaults to 'speech'.

    Raises:
        ValueError: If ``max_fraction`` or ``prob`` is outside [0, 1].

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import TimeShift
        >>> sample = dict(speech=np.arange(1, 7, dtype=np.int16),
        ...               rng=np.random.default_rng(0))
        >>> TimeShift(max_fraction=0.5)(sample)['speech']
        array([0, 0, 1, 2, 3, 4], dtype=int16)
    """

    def __init__(
        self,
        max_fraction: float = 0.1,
        roll: bool = False,
        prob: float = 1.0,
        key: str = 'speech',
    ) -> None:
        super().__init__(key, prob)
        self.max_fraction = check_number('max_fraction', max_fraction, 0, 1)
        self.roll = roll

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Shift by a drawn number of samples."""
        waveform = results[self.key]
        longest = int(self.max_fraction * len(waveform))
        shift = int(rng.integers(-longest, longest + 1))
        shifted = np.roll(waveform, shift)
        if not self.roll and shift:
            shifted[slice(shift) if shift > 0 else slice(shift, None)] = 0
        return {self.key: shifted}


@TRANSFORMS.register_module()
class CropSpeech(ModalityTransform):
    """Cut what is longer than ``max_duration`` to that length.

    Shorter waveforms stay as they are: padding is the batch's affair.

    Args:
        max_duration (float): Seconds to keep.
        random (bool): Whether the cut starts anywhere (training) rather
            than leaving equal parts on both sides. Defaults to True.
        prob (float): How likely a sample is changed. Defaults to 1.0.
        key (str): The modality's key; the rate is read from
            ``{key}_sample_rate``. Defaults to 'speech'.

    Raises:
        ValueError: If ``max_duration`` is below 1 ms or ``prob`` is outside
            [0, 1].

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import CropSpeech
        >>> sample = dict(speech=np.arange(8), speech_sample_rate=2)
        >>> CropSpeech(max_duration=2.0, random=False)(sample)['speech']
        array([2, 3, 4, 5])
    """

    def __init__(
        self,
        max_duration: float,
        random: bool = True,
        prob: float = 1.0,
        key: str = 'speech',
    ) -> None:
        super().__init__(key, prob)
        self.max_duration = check_number('max_duration', max_duration, 1e-3)
        self.random = random

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Cut a window out of a waveform that is too long."""
        waveform = results[self.key]
        rate = results[f'{self.key}_sample_rate']
        kept = max(1, round(self.max_duration * rate))
        spare = len(waveform) - kept
        if spare <= 0:
            return {}
        start = int(rng.integers(spare + 1)) if self.random else spare // 2
        return {self.key: waveform[start : start + kept]}
