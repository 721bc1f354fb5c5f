"""torchaudio's speech models over padded waveforms."""

import pytest
import torch
import torchaudio

from trimodal.models.layers.wav2vec2 import (
    build_wav2vec2,
    check_rate,
    extract_frames,
    find_bundle,
    hidden_states,
    normalize_waves,
    receptive_field,
)

TINY = {
    'extractor_conv_layer_config': [(8, 10, 5), (8, 3, 2)],
    'encoder_embed_dim': 16,
    'encoder_projection_dropout': 0.0,
    'encoder_pos_conv_kernel': 4,
    'encoder_pos_conv_groups': 2,
    'encoder_num_layers': 2,
    'encoder_num_heads': 2,
    'encoder_attention_dropout': 0.0,
    'encoder_ff_interm_features': 24,
    'encoder_dropout': 0.0,
    'encoder_layer_drop': 0.0,
}
# Group or layer normalisation in the convolutions, before or after attention;
# WavLM's relative positions.
BUNDLES = ('WAV2VEC2_BASE', 'HUBERT_LARGE', 'WAVLM_BASE', 'WAVLM_LARGE')


def make(name: str, **changes):
    return build_wav2vec2(find_bundle(name), {**TINY, **changes}, None)


def test_every_bundle_of_torchaudio_is_found():
    for name in (*BUNDLES, 'WAV2VEC2_ASR_BASE_960H', 'WAV2VEC2_XLSR_300M'):
        bundle = find_bundle(name)
        assert bundle is getattr(torchaudio.pipelines, name)
        check_rate(name, 16000)


@pytest.mark.parametrize('name', ['WAV2VEC2', 'CONVTASNET_BASE_LIBRI2MIX'])
def test_unknown_bundle(name):
    with pytest.raises(ValueError, match=rf'HUBERT_BASE.*got {name!r}'):
        find_bundle(name)


def test_another_rate():
    with pytest.raises(ValueError, match='must be 16000 for HUBERT_BASE'):
        check_rate('HUBERT_BASE', 8000)


def test_the_shape_of_the_published_model():
    settings = find_bundle('WAV2VEC2_BASE')._params
    overrides = {'encoder_num_layers': 1}
    model = build_wav2vec2(find_bundle('WAV2VEC2_BASE'), overrides, None)
    want = torchaudio.models.wav2vec2_model(**{**settings, **overrides})
    assert {k: v.shape for k, v in model.state_dict().items()} == {
        k: v.shape for k, v in want.state_dict().items()
    }
    # 25 ms at 16 kHz
    assert receptive_field(model.feature_extractor) == 400


def test_heads_for_letters_are_left_out():
    assert make('WAV2VEC2_ASR_BASE_960H').aux is None


@pytest.mark.parametrize('key', ['encoder_num_layer', 'aux_num_out'])
def test_unknown_override(key):
    with pytest.raises(ValueError, match=f'encoder_num_layers.*got {key!r}'):
        build_wav2vec2(find_bundle('HUBERT_BASE'), {key: 3}, None)


def test_wavlm_has_overrides_of_its_own():
    make('WAVLM_BASE', encoder_num_buckets=16)
    with pytest.raises(ValueError, match='encoder_num_buckets'):
        make('HUBERT_BASE', encoder_num_buckets=16)


def test_weights_from_a_file(tmp_path):
    source = torchaudio.models.wav2vec2_model(
        **{**find_bundle('HUBERT_BASE')._params, **TINY, 'aux_num_out': 5}
    )
    path = str(tmp_path / 'weights.pth')
    for state in (source.state_dict(), {'state_dict': source.state_dict()}):
        torch.save(state, path)
        model = build_wav2vec2(find_bundle('HUBERT_BASE'), TINY, path)
        for name, value in model.state_dict().items():
            assert value.equal(source.state_dict()[name])


def test_weights_of_the_bundle(monkeypatch):
    bundle, source = find_bundle('HUBERT_BASE'), make('HUBERT_BASE')
    monkeypatch.setattr(
        type(bundle), '_get_state_dict', lambda *_: source.state_dict()
    )
    model = build_wav2vec2(bundle, TINY, 'DEFAULT')
    for name, value in model.state_dict().items():
        assert value.equal(source.state_dict()[name])


def test_weights_that_do_not_fit(tmp_path):
    bundle = find_bundle('HUBERT_BASE')
    with pytest.raises(ValueError, match=r"weights must be .*got 'nowhere'"):
        build_wav2vec2(bundle, TINY, 'nowhere')
    path = str(tmp_path / 'weights.pth')
    torch.save(make('HUBERT_BASE', encoder_num_layers=1).state_dict(), path)
    with pytest.raises(ValueError, match=r'(?s)do not fit.*layers\.1'):
        build_wav2vec2(bundle, TINY, path)


def test_normalisation_equals_that_of_each_alone():
    waves = torch.randn(3, 50) * 4 + 2
    got = normalize_waves(waves, torch.tensor([50, 20, 0]))
    for row, length in enumerate((50, 20)):
        wave = waves[row, :length]
        torch.testing.assert_close(
            got[row, :length], torch.nn.functional.layer_norm(wave, [length])
        )
        assert not got[row, length:].any()
    assert not got[2].any()


@pytest.mark.parametrize('name', BUNDLES)
def test_frames_and_states_equal_torchaudios_for_each_alone(name):
    torch.manual_seed(0)
    model = make(name).eval()
    sizes = (230, 61, 20)
    waves, lengths = torch.randn(3, 230), torch.tensor(sizes)
    x, mask = extract_frames(model.feature_extractor, waves, lengths)
    states = [
        *hidden_states(
            model.encoder.transformer,
            model.encoder.feature_projection(x),
            mask,
        )
    ]
    assert len(states) == 2
    for row, size in enumerate(sizes):
        alone = waves[row : row + 1, :size]
        frames = model.feature_extractor(alone, None)[0]
        assert mask[row].sum() == frames.shape[1]
        assert mask[row, : frames.shape[1]].all()
        torch.testing.assert_close(
            x[row, mask[row]], frames[0], atol=1e-5, rtol=1e-5
        )
        wanted = model.extract_features(alone)[0]
        for got, want in zip(states, wanted, strict=True):
            torch.testing.assert_close(
                got[row, mask[row]], want[0], atol=1e-5, rtol=1e-5
            )


@pytest.mark.parametrize('name', ['HUBERT_BASE', 'WAVLM_BASE'])
def test_layers_left_out_stay_in_the_graph(name):
    transformer = make(name, encoder_layer_drop=1.0).encoder.transformer
    x, mask = torch.randn(1, 5, 16), torch.ones(1, 5, dtype=torch.bool)
    first, second = hidden_states(transformer, x, mask)
    assert first.equal(second)
    second.square().sum().backward()
    for layer, kept in zip(
        transformer.layers, (name == 'WAVLM_BASE', False), strict=True
    ):
        grads = [parameter.grad for parameter in layer.parameters()]
        assert all(grad is not None for grad in grads)
        assert any(grad.any() for grad in grads) == kept
    a, b = hidden_states(transformer.eval(), x, mask)
    assert not a.equal(b)
