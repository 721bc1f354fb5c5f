import pytest
import torch
from mmengine.config import Config
from torch import nn

from trimodal.apis import init_model
from trimodal.apis.model import load_weights, read_checkpoint
from trimodal.registry import MODELS

CONFIG = "model = dict(type='Tiny', width=3)\n"


class Tiny(nn.Module):
    def __init__(self, width: int, weights: str | None = None) -> None:
        super().__init__()
        self.layer = nn.Linear(2, width)
        self.weights = weights


@pytest.fixture(autouse=True)
def registered():
    MODELS.register_module(module=Tiny)
    yield
    MODELS._module_dict.pop('Tiny')


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save(
        {
            'state_dict': Tiny(3).state_dict(),
            'meta': {'cfg': CONFIG, 'dataset_meta': {'classes': ('a', 'b')}},
        },
        path,
    )
    return path


def weight(path) -> torch.Tensor:
    return torch.load(path)['state_dict']['layer.weight']


def test_config_from_the_checkpoint(checkpoint):
    model = init_model(checkpoint=checkpoint, device='cpu')
    torch.testing.assert_close(model.layer.weight, weight(checkpoint))
    assert not model.training
    assert model.cfg.model.width == 3
    assert model.dataset_meta == {'classes': ('a', 'b')}


@pytest.mark.parametrize('kind', ['file', 'Config', 'dict'])
def test_config_as(kind, checkpoint, tmp_path):
    path = tmp_path / 'config.py'
    path.write_text(CONFIG)
    config = {
        'file': str(path),
        'Config': Config.fromfile(path),
        'dict': {'model': {'type': 'Tiny', 'width': 3}},
    }[kind]
    model = init_model(config, checkpoint, device='cpu')
    torch.testing.assert_close(model.layer.weight, weight(checkpoint))


def test_options_and_no_checkpoint():
    config = {
        'model': {'type': 'Tiny', 'width': 3, 'weights': 'published'},
        'test_dataloader': {
            'dataset': {'dataset': {'metainfo': {'classes': ['x']}}}
        },
    }
    model = init_model(config, device='cpu', cfg_options={'model.width': 5})
    assert model.layer.out_features == 5
    assert model.weights == 'published'
    assert model.dataset_meta == {'classes': ['x']}
    assert config['model']['width'] == 3


def test_nothing_is_downloaded_that_is_overwritten(checkpoint):
    config = Config(
        {'model': {'type': 'Tiny', 'width': 3, 'weights': 'published'}}
    )
    model = init_model(config, checkpoint, device='cpu')
    assert model.weights is None
    assert model.cfg.model.weights == 'published'


def test_bare_and_wrapped_weights(tmp_path):
    state = {f'module.{k}': v for k, v in Tiny(3).state_dict().items()}
    torch.save(state, tmp_path / 'bare.pth')
    config = {'model': {'type': 'Tiny', 'width': 3}}
    model = init_model(config, tmp_path / 'bare.pth', device='cpu')
    torch.testing.assert_close(
        model.layer.bias, state['module.layer.bias'], rtol=0, atol=0
    )


def test_refuses(checkpoint, tmp_path):
    with pytest.raises(ValueError, match='a config, a checkpoint, or both'):
        init_model()
    with pytest.raises(FileNotFoundError, match=r'gone\.pth does not exist'):
        init_model(checkpoint=tmp_path / 'gone.pth')
    with pytest.raises(ValueError, match="does not define 'model'"):
        init_model({'work_dir': 'a'})
    with pytest.raises(FileNotFoundError, match='neither a config file nor'):
        init_model('no_such_config')
    torch.save(Tiny(3).state_dict(), tmp_path / 'bare.pth')
    with pytest.raises(
        ValueError, match=r'bare\.pth does not hold the config'
    ):
        init_model(checkpoint=tmp_path / 'bare.pth')
    torch.save([], tmp_path / 'list.pth')
    with pytest.raises(ValueError, match=r'list\.pth holds no weights'):
        read_checkpoint(tmp_path / 'list.pth')


def test_weights_of_another_model(checkpoint):
    with pytest.raises(
        ValueError,
        match=r'a\.pth is of another model .* it has layer\.weight as '
        r'\(3, 2\), not \(4, 2\); it has layer\.bias',
    ):
        init_model({'model': {'type': 'Tiny', 'width': 4}}, checkpoint)
    with pytest.raises(ValueError, match=r'lacks 0\.weight'):
        load_weights(
            nn.Sequential(nn.Linear(2, 3)), read_checkpoint(checkpoint), 'x'
        )
