"""Vocal tract length perturbation."""

import numpy as np
import pytest
import torch

from trimodal.models import VTLP, SpeechPreprocessor

HERTZ = torch.linspace(0, 4000, 41)


def warp_by_hand(alpha: float, limit: float, top: float, f: float) -> float:
    """Where the paper's formula takes a frequency."""
    knee = limit * top * min(alpha, 1) / alpha
    if f <= knee:
        return f * alpha
    to = knee * alpha
    return top - (top - to) / (top - knee) * (top - f)


@pytest.mark.parametrize('alpha', [0.8, 0.9, 1.0, 1.1, 1.25])
def test_source_is_the_inverse_of_the_papers_warp(alpha):
    layer = VTLP()
    source = layer.source(torch.tensor([[alpha]]), HERTZ)[0]
    there = [warp_by_hand(alpha, 0.6, 4000, f) for f in source.tolist()]
    np.testing.assert_allclose(there, HERTZ, atol=1e-2)
    assert source[0] == 0
    assert source[-1] == 4000


def test_equals_numpys_interpolation():
    x = torch.randn(1, 3, 41)
    layer = VTLP(factor=(1.1, 1.1))
    source = layer.source(torch.tensor([[1.1]]), HERTZ)[0].numpy()
    want = [np.interp(source, HERTZ.numpy(), row.numpy()) for row in x[0]]
    np.testing.assert_allclose(layer(x, HERTZ)[0], want, atol=1e-5)


def test_a_peak_moves_by_the_factor():
    x = torch.zeros(1, 1, 401)
    hertz = torch.linspace(0, 4000, 401)
    x[0, 0, 100] = 1  # 1000 Hz
    out = VTLP(factor=(1.2, 1.2))(x, hertz)
    assert out[0, 0].argmax() == 120


def test_samples_have_factors_of_their_own():
    torch.manual_seed(0)
    x = torch.randn(1, 5, 41).expand(300, -1, -1)
    out = VTLP(prob=0.5)(x, HERTZ)
    kept = (out == x).flatten(1).all(1).float().mean()
    assert 0.4 < kept < 0.6
    assert len({tuple(row.tolist()) for row in out[:, 0]}) > 100


def test_draws_come_from_torchs_generator_and_nothing_is_overwritten():
    x = torch.randn(2, 4, 41)
    kept = x.clone()
    torch.manual_seed(3)
    a = VTLP()(x, HERTZ)
    torch.manual_seed(3)
    assert torch.equal(a, VTLP()(x, HERTZ))
    assert torch.equal(x, kept)


def test_the_preprocessor_warps_in_training_only():
    torch.manual_seed(0)
    plain = SpeechPreprocessor(n_mels=20)
    warped = SpeechPreprocessor(
        n_mels=20, vtlp={'type': 'VTLP', 'factor': (0.8, 0.8)}
    )
    waves = [torch.randn(3000), torch.randn(1500), None]
    want = plain(waves)
    assert torch.equal(warped(waves).data, want.data)
    got = warped(waves, training=True)
    assert not torch.allclose(got.data[:2], want.data[:2])
    # Padding stays zero, and a sample is still normalised.
    assert not got.data[~got.mask].any()
    real = got.data[0]
    torch.testing.assert_close(
        torch.stack([real.mean(), real.var(correction=0)]),
        torch.tensor([0.0, 1.0]),
        atol=1e-4,
        rtol=1e-4,
    )


def test_the_preprocessor_knows_its_bins_in_hertz():
    """A tone is loudest in the bin whose frequency is nearest."""
    preprocessor = SpeechPreprocessor(n_mels=20, normalize=None)
    time = torch.arange(16000) / 16000
    for tone in (300.0, 1000.0, 4000.0):
        wave = (2 * torch.pi * tone * time).sin()
        loudest = preprocessor([wave]).data[0, 50].argmax()
        nearest = (preprocessor.hertz - tone).abs().argmin()
        assert loudest == nearest


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'factor': (1.2, 0.9)}, 'factor must'),
        ({'factor': (0.1, 1)}, 'factor must'),
        ({'limit': 1.0}, 'limit must'),
        ({'prob': 2.0}, 'prob must'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        VTLP(**changes)
