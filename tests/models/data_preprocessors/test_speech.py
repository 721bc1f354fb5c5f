"""Log-mel spectrograms."""

import math

import pytest
import torch
from torchaudio.transforms import AmplitudeToDB, MelSpectrogram

from trimodal.models import SpeechPreprocessor

SETTINGS = {'n_fft': 128, 'hop_length': 40, 'n_mels': 12, 'f_min': 100.0}


def make(**changes) -> SpeechPreprocessor:
    return SpeechPreprocessor(**{**SETTINGS, 'normalize': None, **changes})


@pytest.mark.parametrize('win_length', [128, 100])
@pytest.mark.parametrize('window', ['hann', 'hamming'])
def test_equals_torchaudio_on_a_sample_alone(win_length, window):
    wave = torch.randn(1000)
    got = make(win_length=win_length, window=window)([wave])
    mel = MelSpectrogram(
        16000,
        128,
        win_length,
        40,
        100.0,
        None,
        n_mels=12,
        window_fn=getattr(torch, f'{window}_window'),
        pad_mode='constant',
    )
    want = (mel(wave).T + 1e-6).log()
    # torchaudio ends with the last frame that is centred on the recording.
    assert len(want) == 1000 // 40 + 1
    torch.testing.assert_close(got.data[0, : len(want)], want)


@pytest.mark.parametrize(
    ('win_length', 'window'),
    [(128, 'hann'), (100, 'hann'), (128, 'hamming'), (60, 'bartlett')],
)
@pytest.mark.parametrize('length', [1, 2, 39, 40, 41, 64, 65, 200, 517])
def test_masked_frames_are_those_that_no_sample_touches(
    length, win_length, window
):
    preprocessor = make(win_length=win_length, window=window)
    # Each sample alone: does anything of it come through in a frame?
    power = torch.zeros(1, dtype=torch.float64)
    preprocessor.mel.double()
    frames = 60
    touched = torch.zeros(frames, dtype=torch.bool)
    for where in {0, length // 2, length - 1}:
        wave = torch.zeros(64 + frames * 40 + 128, dtype=torch.float64)
        wave[64 + where] = 1
        power = preprocessor.mel(wave)[:, :frames].sum(0)
        touched |= power > 1e-20
    last = touched.nonzero().max()
    # What lies between two touched frames is touched by what lies between.
    touched[: last + 1] = True
    got = make(win_length=win_length, window=window)(
        [torch.randn(length), torch.randn(2000)]
    )
    assert torch.equal(got.mask[0], touched[: got.mask.shape[1]])


@pytest.mark.parametrize('top_db', [None, 30.0])
@pytest.mark.parametrize('normalize', [None, 'bin', 'utterance'])
def test_alone_or_padded_is_the_same(normalize, top_db):
    preprocessor = make(normalize=normalize, top_db=top_db)
    waves = [torch.randn(n) for n in (5, 41, 700, 1001)]
    batch = preprocessor([*waves, None, torch.randn(2500)])
    for row, wave in enumerate(waves):
        alone = preprocessor([wave])
        length = alone.data.shape[1]
        assert alone.mask.all()
        assert batch.mask[row].sum() == length
        torch.testing.assert_close(
            batch.data[row, :length], alone.data[0], atol=1e-5, rtol=1e-5
        )
        assert not batch.data[row, length:].any()
    assert batch.present.tolist() == [True] * 4 + [False, True]


def test_normalisation_by_hand():
    wave = torch.randn(900)
    raw = make()([wave]).data[0]
    by_bin = make(normalize='bin')([wave]).data[0]
    variance, mean = torch.var_mean(raw, 0, correction=0)
    want = (raw - mean) / (variance + 1e-5).sqrt()
    torch.testing.assert_close(by_bin, want, atol=1e-5, rtol=1e-5)
    whole = make(normalize='utterance')([wave]).data[0]
    variance, mean = torch.var_mean(raw, correction=0)
    want = (raw - mean) / (variance + 1e-5).sqrt()
    torch.testing.assert_close(whole, want, atol=1e-5, rtol=1e-5)


def test_floor_under_the_strongest_bin_as_by_torchaudio():
    waves = [torch.randn(n) * torch.linspace(0, 1, n) ** 4 for n in (900, 400)]
    waves[1] *= 0.01
    raw = make()(waves)
    got = make(top_db=20.0)([*waves, None])
    for row in range(2):
        mask = raw.mask[row]
        decibel = raw.data[row][mask] * (10 / math.log(10))
        power = 10 ** (decibel / 10)
        want = AmplitudeToDB('power', top_db=20.0)(power.T[None])[0].T
        torch.testing.assert_close(
            got.data[row][mask] * (10 / math.log(10)),
            want,
            atol=1e-3,
            rtol=1e-4,
        )
        assert not got.data[row][~got.mask[row]].any()
    assert (got.data[0] != raw.data[0]).any()
    assert not got.data[2].any()


def test_int16_is_scaled():
    wave = torch.randint(-32768, 32767, (800,), dtype=torch.int16)
    mixed = make()([wave, wave.float() / 32768, wave.double() / 32768])
    torch.testing.assert_close(mixed.data[0], mixed.data[1])
    torch.testing.assert_close(mixed.data[2], mixed.data[1])
    assert mixed.data.dtype == torch.float32


def test_nobody_speaks():
    got = make(normalize='bin')([None, torch.zeros(0)])
    assert got.data.shape == (2, 1, 12)
    assert not got.mask.any()
    assert not got.data.any()


def test_silence_is_finite():
    got = make(normalize='bin')([torch.zeros(500)])
    assert got.mask.all()
    assert got.data.isfinite().all()


def test_spec_augment_only_in_training():
    preprocessor = make(
        normalize='bin', spec_augment={'type': 'SpecAugment', 'time_width': 9}
    )
    waves = [torch.randn(2000), torch.randn(1500)]
    plain = preprocessor(waves)
    torch.manual_seed(0)
    augmented = preprocessor(waves, training=True)
    assert torch.equal(preprocessor(waves).data, plain.data)
    changed = augmented.data != plain.data
    assert changed.any()
    assert not augmented.data[changed].any()
    assert torch.equal(augmented.mask, plain.mask)


def test_mixed_precision_leaves_the_features_alone():
    wave = torch.randn(800) * 0.01
    with torch.autocast('cpu', dtype=torch.bfloat16):
        got = make()([wave])
    assert torch.equal(got.data, make()([wave]).data)


def test_nothing_is_overwritten():
    waves = [torch.randn(500), torch.randint(9, (300,), dtype=torch.int16)]
    kept = [wave.clone() for wave in waves]
    make()(waves)
    assert all(torch.equal(a, b) for a, b in zip(waves, kept, strict=True))


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'hop_length': 0}, 'hop_length'),
        ({'n_mels': -1}, 'n_mels'),
        ({'top_db': 0.0}, 'top_db'),
        ({'win_length': 129}, 'win_length .*128.*129'),
        ({'window': 'square'}, "window .*'square'"),
        ({'normalize': 'batch'}, "normalize .*'batch'"),
        ({'spec_augment': {'type': 'SpecAugment'}}, 'spec_augment needs'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        make(**changes)


def test_stereo_is_refused():
    with pytest.raises(ValueError, match=r'speech .*\(2, 500\)'):
        make()([torch.zeros(2, 500)])
