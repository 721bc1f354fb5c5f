"""Background noise for waveforms, generated or from recordings."""

from collections.abc import Sequence
from math import ceil
from pathlib import Path

import numpy as np
import soundfile

from trimodal.datasets.transforms.base import ModalityTransform, Results
from trimodal.datasets.transforms.checks import check_range
from trimodal.datasets.transforms.resampling import resample
from trimodal.datasets.transforms.speech import to_float
from trimodal.registry import TRANSFORMS

# Not mp3: what its decoder gives after a jump into a file is not exact.
SUFFIXES = ('.wav', '.flac', '.ogg')


class NoiseFolder:
    """Random excerpts of the audio files under a folder.

    Only the excerpt is read from the disk, so a folder of hours costs no
    memory. Files at another rate than the speech are resampled.

    Args:
        folder (str | Path): Searched with its sub-folders.

    Raises:
        ValueError: If ``folder`` is no folder or holds no audio file.
    """

    def __init__(self, folder: str | Path) -> None:
        if not Path(folder).is_dir():
            raise ValueError(
                f'folder must be an existing folder, got {str(folder)!r}'
            )
        # Sorted: the same draw must find the same file on every machine.
        self.files = sorted(
            path
            for path in Path(folder).rglob('*')
            if path.suffix.lower() in SUFFIXES
        )
        if not self.files:
            raise ValueError(
                f'folder must hold audio files ({", ".join(SUFFIXES)}), '
                f'found none in {str(folder)!r}'
            )

    def excerpt(
        self, length: int, sample_rate: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Read a random stretch of a random file; a short file repeats.

        Args:
            length (int): Samples wanted.
            sample_rate (int): Their rate in Hz.
            rng (numpy.random.Generator): Draws the file and the stretch.

        Returns:
            np.ndarray: float32 ``[length]``, mono.

        Raises:
            ValueError: If the drawn file has no samples.
        """
        path = self.files[int(rng.integers(len(self.files)))]
        with soundfile.SoundFile(path) as file:
            if not file.frames:
                raise ValueError(f'noise file {str(path)!r} has no samples')
            needed = ceil(length * file.samplerate / sample_rate)
            file.seek(int(rng.integers(max(file.frames - needed, 0) + 1)))
            noise = file.read(needed, dtype='float32', always_2d=True)
            noise = resample(noise.mean(axis=1), sample_rate, file.samplerate)
        return np.resize(noise, length)


@TRANSFORMS.register_module()
class AddNoise(ModalityTransform):
    """Add noise at a random signal-to-noise ratio.

    The ratio is of mean powers over the whole waveform and is met exactly.
    A silent waveform (or a silent stretch of a noise file) has no such ratio
    and gets no noise. The result is float32 and not clipped.

    Args:
        snr (Sequence[float]): Smallest and largest ratio in dB.
            Defaults to (10.0, 30.0).
        folder (str, optional): Recordings (wav, flac, ogg) to take the
            noise from; the rate is read from ``{key}_sample_rate``.
            Defaults to None: white Gaussian noise.
        prob (float): How likely a sample is changed. Defaults to 1.0.
        key (str): The modality's key. Defaults to 'speech'.

    Raises:
        ValueError: If ``snr`` is no range inside [-100, 100], ``folder`` is
            no folder with audio files, or ``prob`` is outside [0, 1].

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import AddNoise
        >>> speech = np.ones(1000, np.float32)
        >>> noise = AddNoise(snr=(20, 20))(dict(speech=speech))['speech'] - 1
        >>> round(float(-10 * np.log10(np.mean(noise**2))), 2)
        20.0
    """

    def __init__(
        self,
        snr: Sequence[float] = (10.0, 30.0),
        folder: str | None = None,
        prob: float = 1.0,
        key: str = 'speech',
    ) -> None:
        super().__init__(key, prob)
        self.snr = check_range('snr', snr, -100, 100)
        self.folder = folder
        self._recordings = None if folder is None else NoiseFolder(folder)

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Mix in noise at a drawn ratio."""
        waveform = to_float(results[self.key])
        snr = rng.uniform(*self.snr)
        noise = self._noise(results, rng)
        signal_power, noise_power = _power(waveform), _power(noise)
        if not signal_power or not noise_power:
            return {self.key: waveform}
        gain = np.sqrt(signal_power / noise_power * 10 ** (-snr / 10))
        return {self.key: waveform + noise * np.float32(gain)}

    def _noise(self, results: Results, rng: np.random.Generator) -> np.ndarray:
        length = len(results[self.key])
        if self._recordings is None:
            return rng.standard_normal(length, np.float32)
        rate = results[f'{self.key}_sample_rate']
        return self._recordings.excerpt(length, rate, rng)


def _power(waveform: np.ndarray) -> float:
    """Mean square; 0 for an empty waveform."""
    return float(np.dot(waveform, waveform)) / max(len(waveform), 1)
