"""timm's networks as encoders."""

import sys

import pytest
import torch

from trimodal.models import TimmBackbone
from trimodal.testing import image_samples, stack_inputs

timm = pytest.importorskip('timm')

# timm's own test models are small.
WIDTHS = {
    'test_resnet': [32, 32, 48, 192, 96],
    'test_convnext': [24, 32, 48, 64],
    'test_vit': [64, 64],
}


def pictures():
    return stack_inputs(image_samples(((64, 96), (96, 64))))


@pytest.mark.parametrize('name', WIDTHS)
def test_levels_equal_timms(name):
    torch.manual_seed(0)
    levels = range(len(WIDTHS[name]))
    backbone = TimmBackbone(name, list(levels)).eval()
    x = torch.randn(2, 3, 64, 96)
    assert list(backbone.channels) == WIDTHS[name]
    torch.testing.assert_close(backbone.levels(x), list(backbone.features(x)))


def test_channels_last():
    name = 'swin_tiny_patch4_window7_224'
    options = {'depths': [1], 'strict_img_size': False, 'embed_dim': 12}
    options |= {'num_heads': [2]}
    backbone = TimmBackbone(name, 0, options=options).eval()
    tokens = backbone(pictures())
    assert tokens.grids == ((24, 24),)
    assert tokens.mask.sum(1).tolist() == [16 * 24, 24 * 16]
    assert tokens.x.shape[2] == backbone.out_channels == 12


@pytest.mark.parametrize('name', WIDTHS)
def test_weights_of_a_file(name, tmp_path):
    model = timm.create_model(name).eval()
    path = str(tmp_path / 'model.pth')
    torch.save(model.state_dict(), path)
    backbone = TimmBackbone(name, weights=path).eval()
    x = torch.randn(1, 3, 160, 160)
    want = model.forward_intermediates(
        x, indices=1, intermediates_only=True, norm=False
    )
    torch.testing.assert_close(backbone.levels(x), want)


def test_published_weights(monkeypatch):
    asked = {}
    create = timm.create_model

    def record(name, pretrained, **settings):
        asked.update(settings, pretrained=pretrained)
        return create(name, **settings)

    monkeypatch.setattr(timm, 'create_model', record)
    TimmBackbone('test_resnet', weights='DEFAULT')
    assert asked['pretrained'] is True


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'name': 'resnet19'}, "name .*timm.*'resnet19'"),
        ({'name': 'swin_tiny_patch4_window7_224'}, 'any picture size.*swin'),
        ({'level': 9}, r"level .*'test_resnet', got \[9\]"),
        ({'weights': 'nowhere.pth'}, "weights .*'nowhere.pth'"),
        ({'options': {'colour': 1}}, 'options .*colour'),
    ],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        TimmBackbone(**{'name': 'test_resnet', **settings})


def test_weights_of_another_model_are_refused(tmp_path):
    path = str(tmp_path / 'model.pth')
    torch.save(timm.create_model('test_resnet').state_dict(), path)
    with pytest.raises(ValueError, match='weights lack'):
        TimmBackbone('test_convnext', weights=path)


def test_without_timm(monkeypatch):
    monkeypatch.setitem(sys.modules, 'timm', None)
    with pytest.raises(ImportError, match='pip install timm'):
        TimmBackbone('test_resnet')
