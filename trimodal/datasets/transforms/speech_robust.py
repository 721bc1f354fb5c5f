"""Augmentations of waveforms against another voice and another microphone.

Shape letters: N samples of a waveform.
"""

import numpy as np

from trimodal.datasets.transforms.base import ModalityTransform, Results
from trimodal.datasets.transforms.checks import check_integer, check_number
from trimodal.datasets.transforms.speech import to_float
from trimodal.registry import TRANSFORMS


@TRANSFORMS.register_module()
class EqualizerPerturb(ModalityTransform):
    """Turn an equalizer at random: bands are made louder or weaker.

    What microphones, rooms and voices differ in most is their long-term
    spectrum. A gain in dB is drawn for each of ``bands`` frequencies, evenly
    spaced from 0 Hz to half of the sample rate; between them it is linear.
    The filter has zero phase; length and time stay, the result is float32.

    Args:
        max_gain (float): Largest change of a band, in dB. Defaults to 10.0.
        bands (int): Frequencies with a gain of their own. Defaults to 5.
        prob (float): How likely a sample is changed. Defaults to 1.0.
        key (str): The modality's key. Defaults to 'speech'.

    Raises:
        ValueError: If ``max_gain`` is outside [0, 60], ``bands`` below 2 or
            ``prob`` outside [0, 1].
    """

    def __init__(
        self,
        max_gain: float = 10.0,
        bands: int = 5,
        prob: float = 1.0,
        key: str = 'speech',
    ) -> None:
        super().__init__(key, prob)
        self.max_gain = check_number('max_gain', max_gain, 0, 60)
        self.bands = check_integer('bands', bands, 2)

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Filter by drawn gains."""
        waveform = to_float(results[self.key])
        if not len(waveform):
            return {}
        decibels = rng.uniform(-self.max_gain, self.max_gain, self.bands)
        spectrum = np.fft.rfft(waveform)
        places = np.linspace(0, self.bands - 1, len(spectrum))
        gain = np.interp(places, np.arange(self.bands), decibels)
        filtered = np.fft.irfft(spectrum * 10 ** (gain / 20), len(waveform))
        return {self.key: filtered.astype(np.float32)}


@TRANSFORMS.register_module()
class TrimEdges(ModalityTransform):
    """Cut off a part of the beginning, of the end, or of both.

    Soft sounds at the edges of a word, such as the two of "six", are lost
    where a recording is trimmed tightly; a model must do without. Each end is
    cut with a chance of one half, by a share up to ``max_fraction``.

    Args:
        max_fraction (float): Largest share of the length that an end loses.
            Defaults to 0.25.
        prob (float): How likely a sample is changed. Defaults to 1.0.
        key (str): The modality's key. Defaults to 'speech'.

    Raises:
        ValueError: If ``max_fraction`` is outside [0, 0.5] or ``prob``
            outside [0, 1].
    """

    def __init__(
        self,
        max_fraction: float = 0.25,
        prob: float = 1.0,
        key: str = 'speech',
    ) -> None:
        super().__init__(key, prob)
        self.max_fraction = check_number('max_fraction', max_fraction, 0, 0.5)

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Cut by drawn shares; at least one sample is left."""
        waveform = results[self.key]
        shares = rng.uniform(0, self.max_fraction, 2) * (rng.random(2) < 0.5)
        start, end = (shares * len(waveform)).astype(int)
        end = max(len(waveform) - end, start + 1)
        return {self.key: waveform[start:end]}
