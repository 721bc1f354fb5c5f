"""mmengine's own loading and saving, by way of ours."""

import importlib
import os
import pickle
from pathlib import Path

import pytest
import torch
from mmengine.runner import CheckpointLoader, save_checkpoint

from trimodal.utils.weights import save_weights


def load(path: Path | str) -> dict:
    return CheckpointLoader.load_checkpoint(str(path), 'cpu', logger='silent')


def test_loaders_of_every_scheme_are_safe(tmp_path: Path, monkeypatch):
    path = tmp_path / 'plain.pth'
    save_checkpoint({'state_dict': {'w': torch.ones(2)}}, str(path))
    assert load(path)['state_dict']['w'].tolist() == [1, 1]
    with pytest.raises(FileNotFoundError, match=r'none\.pth can not be found'):
        load(tmp_path / 'none.pth')
    torch.save(Evil(tmp_path / 'ran'), path)
    # What a URL gives is taken from the cache if it is there.
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    cached = tmp_path / 'hub' / 'checkpoints' / 'evil.pth'
    cached.parent.mkdir(parents=True)
    cached.write_bytes(path.read_bytes())
    for name in (path, 'http://localhost/evil.pth'):
        with pytest.raises(pickle.UnpicklingError, match='could run code'):
            CheckpointLoader.load_checkpoint(str(name), 'cpu', logger='silent')
    assert not (tmp_path / 'ran').exists()


def test_checkpoints_are_written_whole_with_a_checksum(tmp_path: Path):
    """By whatever part of mmengine writes them."""
    path = tmp_path / 'new' / 'a.pth'
    save_checkpoint({'state_dict': {}}, str(path))
    assert b'sha256:' in path.read_bytes()
    for name in ('runner', 'checkpoint'):
        module = importlib.import_module(f'mmengine.runner.{name}')
        assert module.save_checkpoint is save_checkpoint
    before = path.read_bytes()
    with pytest.raises(Exception, match='pickle'):
        save_checkpoint({'state_dict': lambda: 0}, str(path))
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ['a.pth']
    # Other backends write in their own way.
    save_checkpoint({'a': 1}, str(path), backend_args={'backend': 'local'})
    assert load(path) == {'a': 1}
    assert b'sha256:' not in path.read_bytes()


class Evil:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.path),)


def test_a_download(tmp_path: Path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'home'))
    source = tmp_path / 'a.safetensors'
    save_weights({'w': torch.ones(2)}, {'epoch': 3}, source)
    taken = []

    def download(url: str, path: str) -> None:
        taken.append(url)
        Path(path).write_bytes(source.read_bytes())

    monkeypatch.setattr(torch.hub, 'download_url_to_file', download)
    url = 'https://example.org/a.safetensors?download=true'
    for _ in range(2):
        loaded = load(url)
        assert loaded['meta']['epoch'] == 3
    assert taken == [url]
