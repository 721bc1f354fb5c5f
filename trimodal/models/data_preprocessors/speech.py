"""Waveforms to padded log-mel spectrograms.

Shape letters: see :mod:`trimodal.structures.streams`; F mel bins.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torchaudio.transforms import MelSpectrogram

from trimodal.models.data_preprocessors.base import (
    BasePreprocessor,
    Batch,
    check_samples,
    longest,
)
from trimodal.models.data_preprocessors.waveform import stack_waves
from trimodal.models.layers.checks import check_choice, check_positive
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput
from trimodal.utils import build

WINDOWS = ('hann', 'hamming', 'blackman', 'bartlett')


@MODELS.register_module()
class SpeechPreprocessor(BasePreprocessor):
    """Pads waveforms and takes their log-mel spectrogram, batched.

    A sample is int16 or float ``[N]``, mono, at ``sample_rate``; int16 is
    scaled to [-1, 1). Frame t is centred on sample ``t * hop_length``, with
    zeros around the recording. A sample's real frames are exactly those whose
    window (where it is not zero) touches a sample of it, and neither they nor
    their number depend on what else is in the batch.

    Args:
        sample_rate (int): In Hz. Defaults to 16000.
        n_fft (int): Length of the Fourier transform, in samples. Defaults to
            400.
        win_length (int | None): Length of the window. Defaults to None,
            ``n_fft``.
        hop_length (int): Samples between frames. Defaults to 160.
        n_mels (int): Mel bins. Defaults to 80.
        f_min (float): Lowest frequency, in Hz. Defaults to 20.0.
        f_max (float | None): Highest frequency. Defaults to None, half of
            ``sample_rate``.
        window (str): ``'hann'``, ``'hamming'``, ``'blackman'`` or
            ``'bartlett'``. Defaults to ``'hann'``.
        log_offset (float): Added to the mel power before the logarithm.
            Defaults to 1e-6, about the rounding noise of int16.
        top_db (float | None): What is so much weaker, in dB, than the
            strongest bin of its utterance is raised to that level: how quiet
            a recording's background is does not matter then. Defaults to
            None, nothing is.
        normalize (str | None): ``'utterance'`` gives an utterance mean 0 and
            variance 1 over all bins of its real frames, ``'bin'`` each mel
            bin by itself (which flattens the spectrum of a short word); None
            leaves the logarithms. Defaults to ``'utterance'``.
        vtlp (Mapping | nn.Module | None): Config of what warps frequencies in
            training, or the module, called with features and the frequency
            of each bin. Defaults to None.
        spec_augment (Mapping | nn.Module | None): Config of the augmentation
            in training, or the module, called with features and mask. Zero
            must be the mean, so it needs ``normalize``. Defaults to None.

    Raises:
        ValueError: If a number is not positive, ``win_length`` is larger than
            ``n_fft``, ``window`` or ``normalize`` is unknown, or
            ``spec_augment`` is given without ``normalize``.
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        n_fft: int = 400,
        win_length: int | None = None,
        hop_length: int = 160,
        n_mels: int = 80,
        f_min: float = 20.0,
        f_max: float | None = None,
        window: str = 'hann',
        log_offset: float = 1e-6,
        top_db: float | None = None,
        normalize: str | None = 'utterance',
        vtlp: Mapping | nn.Module | None = None,
        spec_augment: Mapping | nn.Module | None = None,
    ) -> None:
        super().__init__()
        win_length = n_fft if win_length is None else win_length
        check_positive(
            sample_rate=sample_rate,
            n_fft=n_fft,
            win_length=win_length,
            hop_length=hop_length,
            n_mels=n_mels,
            log_offset=log_offset,
        )
        if win_length > n_fft:
            raise ValueError(
                f'win_length must be at most n_fft={n_fft}, got {win_length}'
            )
        if top_db is not None:
            check_positive(top_db=top_db)
        check_choice('window', window, WINDOWS)
        check_choice('normalize', normalize, ('bin', 'utterance', None))
        if spec_augment is not None and normalize is None:
            raise ValueError(
                "spec_augment needs normalize='bin' or 'utterance', got None"
            )
        self.sample_rate = sample_rate
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.log_offset = log_offset
        self.top_db = top_db
        self.normalize = normalize
        self.vtlp = build(vtlp, MODELS)
        self.spec_augment = build(spec_augment, MODELS)
        self.mel = MelSpectrogram(
            sample_rate,
            n_fft,
            win_length,
            hop_length,
            f_min,
            f_max,
            n_mels=n_mels,
            window_fn=getattr(torch, f'{window}_window'),
            center=False,
        )
        self.register_buffer(
            'hertz', _centres(f_min, f_max or sample_rate / 2, n_mels), False
        )
        # How far before its centre a window begins to see.
        first = int(self.mel.spectrogram.window.nonzero()[0])
        self.reach = n_fft // 2 - (n_fft - win_length) // 2 - first

    @property
    def stream_attributes(self) -> dict[str, Any]:
        """The rate that it was built for."""
        return {'sample_rate': self.sample_rate}

    @torch.no_grad()
    def forward(self, batch: Batch, training: bool = False) -> ModalityInput:
        """Make a batch of spectrograms.

        Args:
            batch (Sequence[Tensor | None]): Waveforms ``[N]``.
            training (bool): Whether to apply ``vtlp`` and ``spec_augment``.
                Defaults to False.

        Returns:
            ModalityInput: data float32 ``[B, T, F]``, mask bool ``[B, T]``.

        Raises:
            ValueError: If a waveform is not one-dimensional or the batch is
                empty.
        """
        check_samples(batch, 'speech', [None])
        sizes = [0 if wave is None else len(wave) for wave in batch]
        lengths = torch.tensor(
            [
                -(-(n + self.reach) // self.hop_length) if n else 0
                for n in sizes
            ],
            device=self.device,
        )
        frames = max(int(lengths.max()), 1)
        mask = torch.arange(frames, device=self.device) < lengths[:, None]
        # Mixed precision is for the network: a power spectrum spans more
        # decades than bfloat16 has digits.
        with torch.autocast(self.device.type, enabled=False):
            power = self.mel(self._pad(batch, frames)).transpose(1, 2)
            x = (power + self.log_offset).log()
            if self.top_db is not None:
                x = self._raise_floor(x, mask)
            if training and self.vtlp is not None:
                x = self.vtlp(x, self.hertz)
            x = x.masked_fill(~mask[..., None], 0)
            if self.normalize is not None:
                x = self._normalise(x, mask)
            if training and self.spec_augment is not None:
                x = self.spec_augment(x, mask)
        return ModalityInput(x, mask)

    def _pad(self, batch: Batch, frames: int) -> Tensor:
        """Float32 ``[B, N]``, just long enough for ``frames``."""
        (longest_wave,) = longest(batch, 1, [0])
        before = self.n_fft // 2
        total = max(
            (frames - 1) * self.hop_length + self.n_fft, before + longest_wave
        )
        waves = stack_waves(batch, total, self.device, before)
        return waves[:, : (frames - 1) * self.hop_length + self.n_fft]

    def _raise_floor(self, x: Tensor, mask: Tensor) -> Tensor:
        assert self.top_db is not None
        real = x.masked_fill(~mask[..., None], -math.inf)
        strongest = real.amax([1, 2], keepdim=True)
        return x.maximum(strongest - self.top_db * math.log(10) / 10)

    def _normalise(self, x: Tensor, mask: Tensor) -> Tensor:
        dims = [1] if self.normalize == 'bin' else [1, 2]
        real = mask.unsqueeze(2)
        count = real.expand_as(x).sum(dims, keepdim=True).clamp(min=1)
        x = (x - x.sum(dims, keepdim=True) / count).masked_fill(~real, 0)
        variance = x.square().sum(dims, keepdim=True) / count
        return x / (variance + 1e-5).sqrt()


def _centres(f_min: float, f_max: float, n_mels: int) -> Tensor:
    """Float ``[F]``: the frequencies in Hz that mel filters are centred on."""
    ends = torch.tensor([f_min, f_max], dtype=torch.float64)
    low, high = (2595 * (1 + ends / 700).log10()).tolist()
    mels = torch.linspace(low, high, n_mels + 2, dtype=torch.float64)[1:-1]
    return (700 * (10 ** (mels / 2595) - 1)).float()
