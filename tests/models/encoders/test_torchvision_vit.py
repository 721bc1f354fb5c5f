"""Torchvision's vision transformers as weights of ours.

That the outputs agree is tested in ``test_vision_transformer.py``.
"""

import pytest
import torch
from torchvision.models.vision_transformer import interpolate_embeddings

from tests.models.encoders.test_vision_transformer import (
    SMALL,
    torchvision_vit,
)
from trimodal.models import VisionTransformer
from trimodal.models.encoders.torchvision_vit import convert


@pytest.fixture
def checkpoint(tmp_path) -> str:
    path = str(tmp_path / 'vit.pth')
    torch.save({'state_dict': torchvision_vit().state_dict()}, path)
    return path


def test_every_tensor_finds_its_place():
    ours = convert(torchvision_vit().state_dict(), (4, 4))
    state = VisionTransformer(**SMALL).state_dict()
    assert {k: v.shape for k, v in ours.items()} == {
        k: v.shape for k, v in state.items()
    }


def test_names_of_the_first_checkpoints():
    state = torchvision_vit().state_dict()
    old = {
        key.replace('mlp.0', 'mlp.linear_1').replace(
            'mlp.3', 'mlp.linear_2'
        ): v
        for key, v in state.items()
    }
    assert old.keys() != state.keys()
    got, want = convert(old, (4, 4)), convert(state, (4, 4))
    assert got.keys() == want.keys()
    assert all(torch.equal(got[key], want[key]) for key in want)


def test_positions_are_stretched_as_torchvision_does():
    state = torchvision_vit().state_dict()
    want = interpolate_embeddings(48, 8, dict(state))
    got = convert(state, (6, 6))['positions.table']
    torch.testing.assert_close(
        got.flatten(2).transpose(1, 2),
        want['encoder.pos_embedding'][:, 1:],
    )


def test_published_weights_by_name(monkeypatch):
    state = torchvision_vit(224).state_dict()
    asked = []

    def download(url, *args, **kwargs):
        asked.append(url)
        return state

    monkeypatch.setattr(
        'torchvision.models._api.load_state_dict_from_url', download
    )
    model = VisionTransformer(
        **{**SMALL, 'img_size': 224},
        weights='ViT_B_16_Weights.IMAGENET1K_V1',
    )
    assert 'vit_b_16' in asked[0]
    assert torch.equal(model.patches.weight, state['conv_proj.weight'])


def test_without_cls_token(checkpoint):
    model = VisionTransformer(**SMALL, cls_token=False, weights=checkpoint)
    assert model.cls_token is None


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'num_layers': 1}, r'weights hold 12 tensors .*layers\.1'),
        ({'num_layers': 3}, r'weights lack 12 of .*layers\.2'),
        ({'feedforward_channels': 32}, r'weights lack 6 of .*feedforward'),
        ({'layer_scale': 0.1}, r'weights lack 4 of .*scale'),
        ({'positions': 'sinusoidal'}, "positions='learned'"),
    ],
)
def test_weights_that_do_not_fit(checkpoint, changes, message):
    with pytest.raises(ValueError, match=message):
        VisionTransformer(**{**SMALL, **changes}, weights=checkpoint)


def test_weights_of_something_else(tmp_path):
    with pytest.raises(ValueError, match=r'weights must .*vit_b_16\.pt'):
        VisionTransformer(**SMALL, weights='vit_b_16.pt')
    torch.save(torch.nn.Linear(1, 1).state_dict(), tmp_path / 'linear.pth')
    with pytest.raises(ValueError, match=r'VisionTransformer, .*pos_embed'):
        VisionTransformer(**SMALL, weights=str(tmp_path / 'linear.pth'))
