"""Weights to give away: everything that reads weights takes them.

They are written by tools/model_converters/publish_model.py.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModule

from tests.engine.toy import write_config
from tests.tools.launching import failure_of, run_tool
from trimodal.apis import init_model
from trimodal.engine.runner import TestOptions, TrainOptions, test, train
from trimodal.utils.checkpoint import load_file
from trimodal.utils.weights import save_weights

TOOL = 'model_converters/publish_model'


@pytest.fixture(scope='module')
def trained(tmp_path_factory) -> tuple[str, Path]:
    """A config and an epoch of it, with averaged weights."""
    folder = tmp_path_factory.mktemp('trained')
    config = write_config(folder, 'toy', "train_cfg['max_epochs'] = 1\n")
    train(config, TrainOptions(work_dir=str(folder / 'w'), test=False))
    return config, folder / 'w' / 'epoch_1.pth'


def publish(capsys, monkeypatch, *arguments: Any) -> Path:
    capsys.readouterr()
    run_tool(monkeypatch, TOOL, *arguments)
    return Path(capsys.readouterr().out.strip().splitlines()[-1])


@pytest.fixture
def published(trained, tmp_path, capsys, monkeypatch) -> Path:
    return publish(capsys, monkeypatch, trained[1], tmp_path / 'a.safetensors')


def test_what_is_in_it(trained, published: Path):
    digest = hashlib.sha256(published.read_bytes()).hexdigest()
    assert published.name == f'a-{digest[:8]}.safetensors'
    ours, whole = load_file(published), load_file(trained[1])
    assert set(ours) == {'state_dict', 'meta'}
    assert set(ours['state_dict']) == set(whole['state_dict'])
    for name, value in whole['state_dict'].items():
        assert torch.equal(ours['state_dict'][name], value)
    assert ours['meta']['cfg'] == whole['meta']['cfg']
    assert ours['meta']['dataset_meta'] == {'classes': ['no', 'yes']}
    assert published.stat().st_size < trained[1].stat().st_size / 3


def test_as_pth(trained, tmp_path: Path, capsys, monkeypatch):
    path = publish(capsys, monkeypatch, trained[1], tmp_path / 'a.pth')
    assert len(path.name) == len('a-12345678.pth')
    ours, whole = load_file(path), load_file(trained[1])
    assert set(ours) == {'state_dict', 'meta'}
    assert ours['meta'] == whole['meta']


def test_the_weights_before_averaging(
    trained, published: Path, tmp_path: Path, capsys, monkeypatch
):
    raw = publish(
        capsys, monkeypatch, trained[1], tmp_path / 'b.safetensors', '--no-ema'
    )
    ours, whole = load_file(raw)['state_dict'], load_file(trained[1])
    name = 'head.weight'
    assert torch.equal(ours[name], whole['ema_state_dict'][f'module.{name}'])
    assert not torch.equal(ours[name], whole['state_dict'][name])
    assert set(ours) == set(whole['state_dict'])


def test_it_is_tested_like_the_checkpoint(
    trained, published: Path, tmp_path: Path
):
    config, checkpoint = trained
    options = TestOptions(work_dir=str(tmp_path))
    assert test(config, str(published), options) == test(
        config, str(checkpoint), options
    )


def test_training_starts_from_it(trained, published: Path, tmp_path: Path):
    """``load_from``, and ``init_cfg`` of a part of a model."""
    config, checkpoint = trained
    results = []
    for index, path in enumerate((published, checkpoint)):
        work = tmp_path / str(index)
        train(
            config,
            TrainOptions(
                work_dir=str(work),
                test=False,
                cfg_options={'load_from': str(path)},
            ),
        )
        results.append(load_file(work / 'epoch_1.pth')['optimizer'])
    ours, theirs = (r['state'][0]['exp_avg'] for r in results)
    assert torch.equal(ours, theirs)


def test_as_pretrained_weights(tmp_path: Path):
    path = tmp_path / 'linear.safetensors'
    state = {'weight': torch.ones(2, 4), 'bias': torch.zeros(2)}
    save_weights(state, {}, path)

    class Layer(BaseModule):
        def __init__(self) -> None:
            super().__init__({'type': 'Pretrained', 'checkpoint': str(path)})
            self.weight = torch.nn.Parameter(torch.zeros(2, 4))
            self.bias = torch.nn.Parameter(torch.zeros(2))

    layer = Layer()
    layer.init_weights()
    assert torch.equal(layer.weight, state['weight'])


def test_a_model_from_the_file_alone(published: Path, trained):
    model = init_model(checkpoint=published, device='cpu')
    assert model.dataset_meta['classes'] == ['no', 'yes']
    same = init_model(Config.fromfile(trained[0]), trained[1], device='cpu')
    for ours, theirs in zip(
        model.parameters(), same.parameters(), strict=True
    ):
        assert torch.equal(ours, theirs)


def test_errors(trained, published: Path, tmp_path: Path, monkeypatch):
    error = failure_of(monkeypatch, TOOL, trained[1], tmp_path / 'a.bin')
    assert 'must end in .safetensors or .pth' in error
    out = tmp_path / 'c.safetensors'
    error = failure_of(monkeypatch, TOOL, tmp_path / 'none.pth', out)
    assert 'none.pth does not exist' in error
    error = failure_of(monkeypatch, TOOL, published, out, '--no-ema')
    assert 'holds no averaged weights' in error
    error = failure_of(monkeypatch, 'train', trained[0], '--resume', published)
    assert 'it holds weights only' in error


def test_the_text_is_readable(published: Path):
    """By whoever has no trimodal."""
    data = published.read_bytes()
    size = int.from_bytes(data[:8], 'little')
    header = json.loads(data[8 : 8 + size])
    meta = json.loads(header['__metadata__']['meta'])
    assert meta['epoch'] == 1
    assert "type='ToyModel'" in meta['cfg']
