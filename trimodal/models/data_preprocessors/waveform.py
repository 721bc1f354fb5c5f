"""Waveforms to padded waveforms.

Shape letters: see :mod:`trimodal.structures.streams`.
"""

from typing import Any

import torch
from torch import Tensor

from trimodal.models.data_preprocessors.base import (
    BasePreprocessor,
    Batch,
    check_samples,
    longest,
)
from trimodal.models.layers.checks import check_positive
from trimodal.models.layers.wav2vec2 import check_rate, normalize_waves
from trimodal.registry import MODELS
from trimodal.structures import ModalityInput

INT16_SCALE = 1 / 32768


@MODELS.register_module()
class WaveformPreprocessor(BasePreprocessor):
    """Pads waveforms, for encoders that hear them as they are.

    A sample is int16 or float ``[N]``, mono, at ``sample_rate``; int16 is
    scaled to [-1, 1).

    Args:
        sample_rate (int): In Hz. Defaults to 16000.
        bundle (str | None): The bundle of a
            :class:`~trimodal.models.TorchaudioBundle` that they are for:
            ``sample_rate`` must be its own. Defaults to None.
        normalize (bool): Whether to bring each waveform to mean 0 and
            variance 1. A ``TorchaudioBundle`` does so by itself where its
            bundle wants it. Defaults to False.

    Raises:
        ValueError: If ``sample_rate`` is not positive or not the bundle's,
            or the bundle is unknown.
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        bundle: str | None = None,
        normalize: bool = False,
    ) -> None:
        super().__init__()
        check_positive(sample_rate=sample_rate)
        if bundle is not None:
            check_rate(bundle, sample_rate)
        self.sample_rate = sample_rate
        self.normalize = normalize

    @property
    def stream_attributes(self) -> dict[str, Any]:
        """The rate that it was built for."""
        return {'sample_rate': self.sample_rate}

    @torch.no_grad()
    def forward(self, batch: Batch, training: bool = False) -> ModalityInput:
        """Make a batch of waveforms.

        Args:
            batch (Sequence[Tensor | None]): Waveforms ``[N]``.
            training (bool): Makes no difference. Defaults to False.

        Returns:
            ModalityInput: data float32 ``[B, N]``, mask bool ``[B, N]``.

        Raises:
            ValueError: If a waveform is not one-dimensional or the batch is
                empty.
        """
        check_samples(batch, 'speech', [None])
        (size,) = longest(batch, 1, [1])
        lengths = torch.tensor(
            [0 if wave is None else len(wave) for wave in batch],
            device=self.device,
        )
        waves = stack_waves(batch, size, self.device)
        if self.normalize:
            waves = normalize_waves(waves, lengths)
        steps = torch.arange(size, device=self.device)
        return ModalityInput(waves, steps < lengths.unsqueeze(1))


def stack_waves(
    batch: Batch, size: int, device: torch.device, before: int = 0
) -> Tensor:
    """Put waveforms into one tensor, with zeros around them.

    Args:
        batch (Sequence[Tensor | None]): Waveforms ``[N]``, int16 or float.
        size (int): Samples of a row; no fewer than the longest needs.
        device (torch.device): Where to.
        before (int): Zeros in front. Defaults to 0.

    Returns:
        Tensor: float32 ``[B, size]``; int16 is scaled to [-1, 1).
    """
    waves = torch.zeros(len(batch), size, device=device)
    for row, wave in zip(waves, batch, strict=True):
        if wave is not None:
            part = row[before : before + len(wave)]
            part.copy_(wave)
            if wave.dtype == torch.int16:
                part *= INT16_SCALE
    return waves
