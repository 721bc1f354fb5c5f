"""Speech models of torchaudio as encoders."""

import pytest
import torch
from torch import nn
from torchaudio.pipelines._wav2vec2.utils import _extend_model

from tests.models.layers.test_wav2vec2 import BUNDLES, TINY
from trimodal.models import TorchaudioBundle
from trimodal.models.layers.wav2vec2 import build_wav2vec2, find_bundle
from trimodal.structures import ModalityInput


def make(name: str = 'WAV2VEC2_BASE', **changes) -> TorchaudioBundle:
    torch.manual_seed(0)
    return TorchaudioBundle(name, **{'overrides': TINY, **changes})


def torchaudios(name: str) -> nn.Module:
    """torchaudio's model, with the weights that ``make`` draws."""
    torch.manual_seed(0)
    bundle = find_bundle(name)
    model = build_wav2vec2(bundle, TINY, None)
    if bundle._normalize_waveform:
        model = _extend_model(model, normalize_waveform=True)
    return model.eval()


def batch(samples: int = 200) -> ModalityInput:
    return ModalityInput(
        torch.randn(1, samples), torch.ones(1, samples, dtype=torch.bool)
    )


@pytest.mark.parametrize('name', BUNDLES)
def test_equals_torchaudio_on_a_waveform(name):
    x, theirs = batch(), torchaudios(name)
    with torch.no_grad():
        states = theirs.extract_features(x.data)[0]
        wanted = {
            None: theirs(x.data)[0],
            0: states[0],
            -1: states[1],
            'weighted': (states[0] + states[1]) / 2,
        }
        for layer, want in wanted.items():
            tokens = make(name, layer=layer).eval()(x)
            assert tokens.mask.all()
            torch.testing.assert_close(tokens.x, want, atol=1e-5, rtol=1e-5)


def test_layers_behind_the_chosen_one_are_left_out():
    assert len(make(layer=0).transformer.layers) == 1
    assert len(make(layer=-1).transformer.layers) == 2


def test_the_weighted_sum_follows_its_scores():
    encoder, x = make(layer='weighted').eval(), batch()
    encoder.layer_scores.data[1] = 50.0
    torch.testing.assert_close(encoder(x).x, make(layer=1).eval()(x).x)


def test_absent_rows_do_not_run():
    encoder, seen = make().eval(), []
    encoder.features.conv_layers[0].conv.register_forward_hook(
        lambda *args: seen.append(args[1][0].shape)
    )
    mask = torch.arange(300) < torch.tensor([[0], [80], [0]])
    tokens = encoder(ModalityInput(torch.randn(3, 300) * mask, mask))
    # One row, no longer than what is there.
    assert seen == [(1, 1, 80)]
    assert tokens.present.tolist() == [False, True, False]
    assert tokens.mask.sum(1).tolist() == [0, 7, 0]
    encoder(ModalityInput(torch.zeros(3, 300), torch.zeros_like(mask)))
    assert len(seen) == 1


@pytest.mark.parametrize('samples', [1, 19, 20])
def test_a_waveform_too_short_for_a_step_gets_one(samples):
    encoder, x = make().eval(), batch(samples)
    tokens = encoder(x)
    assert tokens.mask.shape == (1, 1)
    followed = nn.functional.pad(x.data, (0, 20 - samples))
    want = torchaudios('WAV2VEC2_BASE')(followed)[0]
    torch.testing.assert_close(tokens.x, want, atol=1e-5, rtol=1e-5)


def trained(encoder: TorchaudioBundle) -> set[str]:
    return {
        name.split('.layers.')[-1].split('.')[0]
        for name, parameter in encoder.named_parameters()
        if parameter.requires_grad
    }


def test_what_is_frozen():
    everything = {'features', 'projection', 'transformer', '0', '1'}
    assert trained(make(freeze_features=False)) == everything
    assert trained(make()) == everything - {'features'}
    assert trained(make(frozen_layers=1)) == {'1'}
    assert trained(make(frozen_layers=2)) == set()
    # Its last normalisation comes behind all layers.
    assert trained(make('HUBERT_LARGE', frozen_layers=2)) == {'transformer'}


def test_frozen_parts_stay_in_evaluation():
    overrides = {**TINY, 'encoder_dropout': 0.5}
    encoder = make(frozen_layers=1, layer=0, overrides=overrides).train()
    assert encoder.training
    assert encoder.transformer.training
    x = batch()
    assert encoder(x).x.equal(encoder(x).x)
    encoder = make(frozen_layers=1, overrides=overrides).train()
    assert not encoder(x).x.equal(encoder(x).x)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'name': 'WAV2VEC2'}, 'bundle must be one of'),
        ({'sample_rate': 8000}, 'sample_rate must be 16000'),
        ({'overrides': {'layers': 2}}, 'overrides'),
        ({'weights': 'nowhere'}, 'weights'),
        ({'layer': 2}, r'layer .*\[-2, 1\].*got 2'),
        ({'layer': 'last'}, "layer .*got 'last'"),
        ({'frozen_layers': 3}, 'frozen_layers .*got 3'),
        ({'frozen_layers': 2, 'layer': 0}, r'frozen_layers .*\[0, 1\]'),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(ValueError, match=message):
        make(**changes)


@pytest.mark.slow
@pytest.mark.parametrize('name', ['WAV2VEC2_BASE', 'WAVLM_BASE'])
def test_the_base_models_in_full_size(name):
    torch.manual_seed(0)
    encoder = TorchaudioBundle(name).eval()
    assert 94e6 < sum(p.numel() for p in encoder.parameters()) < 95e6
    mask = torch.arange(32000) < torch.tensor([[32000], [10000], [0]])
    with torch.no_grad():
        tokens = encoder(ModalityInput(torch.randn(3, 32000) * mask, mask))
    assert tokens.x.shape == (3, 99, 768)
    assert tokens.mask.sum(1).tolist() == [99, 31, 0]
    assert tokens.x.isfinite().all()
