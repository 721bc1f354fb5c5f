"""Waveforms, padded."""

import pytest
import torch

from trimodal.models import WaveformPreprocessor
from trimodal.models.data_preprocessors.waveform import stack_waves


def test_pads_and_masks():
    waves = [torch.randn(n) for n in (5, 9)]
    got = WaveformPreprocessor()([waves[0], None, waves[1], torch.zeros(0)])
    assert got.data.shape == got.mask.shape == (4, 9)
    assert got.mask.sum(1).tolist() == [5, 0, 9, 0]
    assert got.present.tolist() == [True, False, True, False]
    assert got.data[0, :5].equal(waves[0])
    assert got.data[2].equal(waves[1])
    assert not got.data[~got.mask].any()


def test_int16_is_scaled():
    wave = torch.randint(-32768, 32767, (800,), dtype=torch.int16)
    got = WaveformPreprocessor()([wave, wave.double() / 32768])
    torch.testing.assert_close(got.data[0], got.data[1])
    assert got.data.dtype == torch.float32
    assert got.data.abs().max() <= 1


def test_normalisation_knows_no_padding():
    waves = [torch.randn(n) * 3 + 1 for n in (50, 20)]
    got = WaveformPreprocessor(normalize=True)(waves)
    for row, wave in enumerate(waves):
        variance, mean = torch.var_mean(wave, correction=0)
        torch.testing.assert_close(
            got.data[row, : len(wave)],
            (wave - mean) / (variance + 1e-5).sqrt(),
            atol=1e-5,
            rtol=1e-5,
        )
    assert not got.data[1, 20:].any()


def test_nobody_speaks():
    got = WaveformPreprocessor(normalize=True)([None, torch.zeros(0)])
    assert got.data.shape == (2, 1)
    assert not got.mask.any()
    assert not got.data.any()


def test_zeros_in_front():
    got = stack_waves([torch.ones(2), None], 6, torch.device('cpu'), 3)
    assert got.tolist() == [[0, 0, 0, 1, 1, 0], [0] * 6]


def test_bad_arguments():
    WaveformPreprocessor(16000, 'HUBERT_BASE')
    with pytest.raises(ValueError, match='must be 16000 for HUBERT_BASE'):
        WaveformPreprocessor(8000, 'HUBERT_BASE')
    with pytest.raises(ValueError, match='bundle'):
        WaveformPreprocessor(bundle='HUBERT')
    with pytest.raises(ValueError, match='sample_rate'):
        WaveformPreprocessor(0)


def test_bad_samples():
    with pytest.raises(ValueError, match=r'shape \[any\].*sample 1'):
        WaveformPreprocessor()([None, torch.zeros(2, 9)])
    with pytest.raises(ValueError, match='empty'):
        WaveformPreprocessor()([])
