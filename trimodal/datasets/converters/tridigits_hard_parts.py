"""What makes TriDigits hard: noise, lost variance, shaken landmarks.

Shape letters: N pictures, D values of a picture, T frames, H hands, V joints.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

SNR = 0.0  # dB at level 1
LOST_VARIANCE = 0.75  # at level 1
JITTER = 0.6  # standard deviation in hand sizes at level 1
DROP = 0.5  # share of the frames at level 1
EXPONENTS = (0.0, 2.0)  # from white to brown noise
FLAT_BELOW = 100.0  # Hz
INT16_MAX = 32767


def coloured_noise(
    length: int, sample_rate: int, exponent: float, rng: np.random.Generator
) -> np.ndarray:
    """Gaussian noise whose power falls as ``1 / f ** exponent``.

    Below 100 Hz the spectrum is flat: a speech signal has nothing there that
    could be masked. There is no power at 0 Hz.

    Args:
        length (int): Samples.
        sample_rate (int): In Hz.
        exponent (float): 0 is white, 1 pink, 2 brown.
        rng (numpy.random.Generator): What draws.

    Returns:
        np.ndarray: float64 ``[length]``.
    """
    spectrum = np.fft.rfft(rng.standard_normal(length))
    frequencies = np.fft.rfftfreq(length, 1 / sample_rate)
    spectrum *= np.maximum(frequencies, FLAT_BELOW) ** (-exponent / 2)
    spectrum[0] = 0
    return np.fft.irfft(spectrum, length)


def noisy_speech(
    waveform: np.ndarray,
    sample_rate: int,
    level: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Speech in noise of a drawn colour; 0 dB at level 1.

    The noise's amplitude grows with the level, and the ratio is that of mean
    powers over the whole recording. A sum too large for int16 is turned down
    as a whole.

    Args:
        waveform (np.ndarray): int16 ``[N]``.
        sample_rate (int): In Hz.
        level (float): 0 or more; 0 gives the waveform itself.
        rng (numpy.random.Generator): What draws.

    Returns:
        np.ndarray: int16 ``[N]``.
    """
    speech = waveform.astype(np.float64)
    power = np.mean(speech**2) if len(speech) > 1 else 0.0
    if not level or not power:
        return waveform
    exponent = rng.uniform(*EXPONENTS)
    noise = coloured_noise(len(speech), sample_rate, exponent, rng)
    gain = np.sqrt(power / np.mean(noise**2) * 10 ** (-SNR / 10))
    mixed = speech + level * gain * noise
    mixed *= min(1.0, INT16_MAX / np.abs(mixed).max())
    return np.rint(mixed).astype(np.int16)


def shaken_hands(
    hands: Mapping[str, np.ndarray], level: float, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Landmarks with jitter, and without some of the frames.

    Each coordinate moves by itself. A lost frame is as one in which no hand
    was found: landmarks NaN, everything beside them 0. One frame in which a
    hand is seen always stays.

    Args:
        hands (Mapping[str, np.ndarray]): ``data`` float ``[T, H, V, 3]`` in
            hand sizes, NaN where unseen, and what lies beside it, ``[T,
            ...]``.
        level (float): 0 or more; 0 gives the same values.
        rng (numpy.random.Generator): What draws.

    Returns:
        dict[str, np.ndarray]: The same names, types and shapes.
    """
    landmarks = hands['data']
    noise = rng.standard_normal(landmarks.shape) * (level * JITTER)
    lost = rng.random(len(landmarks)) < level * DROP
    seen = np.flatnonzero(~np.isnan(landmarks[..., 0]).all(axis=(1, 2)))
    if len(seen) and lost[seen].all():
        lost[rng.choice(seen)] = False
    shaken = {name: np.array(values) for name, values in hands.items()}
    if level:
        shaken['data'] = (landmarks + noise).astype(landmarks.dtype)
    for name, values in shaken.items():
        values[lost] = np.nan if name == 'data' else 0
    return shaken


@dataclass(frozen=True)
class PictureFilter:
    """Takes the strongest principal components out of pictures.

    The last of them goes in part, so that exactly the wanted share of the
    variance is lost. One affine map for all pictures brings what the fitted
    ones then span back to 0 to 255.

    Args:
        mean (np.ndarray): float64 ``[D]``.
        components (np.ndarray): float64 ``[K, D]``, orthonormal rows.
        factors (np.ndarray): float64 ``[K]``, how much of each is removed.
        low (float): What becomes 0. Defaults to 0.
        high (float): What becomes 255. Defaults to 255.
    """

    mean: np.ndarray
    components: np.ndarray
    factors: np.ndarray
    low: float = 0.0
    high: float = 255.0

    @classmethod
    def fit(cls, pictures: np.ndarray, share: float) -> 'PictureFilter':
        """Find the components of training pictures.

        Args:
            pictures (np.ndarray): uint8 ``[N, ...]``.
            share (float): Of the variance that is to go, from 0 to less than
                1.

        Returns:
            PictureFilter: What removes them.
        """
        flat = pictures.reshape(len(pictures), -1).astype(np.float64)
        mean = flat.mean(axis=0)
        _, sizes, rows = np.linalg.svd(flat - mean, full_matrices=False)
        shares = sizes**2 / max(np.sum(sizes**2), np.finfo(float).tiny)
        before = np.cumsum(shares) - shares
        kept = np.clip((share - before) / np.maximum(shares, 1e-12), 0, 1)
        count = int(np.count_nonzero(kept))
        # A component scaled by s keeps s ** 2 of its variance.
        factors = 1 - np.sqrt(1 - kept[:count])
        unscaled = cls(mean, rows[:count], factors)
        left = unscaled.remove(flat)
        return cls(
            mean,
            rows[:count],
            factors,
            min(0.0, float(left.min())),
            max(255.0, float(left.max())),
        )

    def remove(self, flat: np.ndarray) -> np.ndarray:
        """What is left of pictures, float64 ``[N, D]``."""
        scores = (flat - self.mean) @ self.components.T
        return flat - (scores * self.factors) @ self.components

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """Filter one picture.

        Args:
            picture (np.ndarray): uint8, of the size it was fitted to.

        Returns:
            np.ndarray: uint8 of the same shape.
        """
        left = self.remove(picture.reshape(1, -1).astype(np.float64))
        scaled = (left - self.low) * (255 / (self.high - self.low))
        return (
            np.rint(scaled.clip(0, 255))
            .astype(np.uint8)
            .reshape(picture.shape)
        )
