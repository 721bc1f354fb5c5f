"""Weights as safetensors: they come back to the bit, with their text."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.runner import CheckpointLoader
from torch import nn

from trimodal.utils.checkpoint import load_file
from trimodal.utils.saving import BrokenFileError
from trimodal.utils.weights import is_safetensors, load_weights, save_weights

META = {'epoch': 3, 'dataset_meta': {'classes': ('a', 'ü')}, 'cfg': 'x = 1'}


def test_round_trip(tmp_path: Path):
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    model[0].bias = model[1].bias  # shared memory
    path = tmp_path / 'a.safetensors'
    score = {'score': np.float64(0.5), 'mean': torch.ones(2)}
    save_weights(model.state_dict(), {**META, **score}, path)
    for loaded in (load_weights(path), load_file(path, torch.device('cpu'))):
        state = model.state_dict()
        assert list(loaded['state_dict']) == sorted(state)
        for name, value in state.items():
            assert loaded['state_dict'][name].dtype == value.dtype
            assert torch.equal(loaded['state_dict'][name], value)
        assert loaded['meta'] == {
            'epoch': 3,
            'dataset_meta': {'classes': ['a', 'ü']},
            'cfg': 'x = 1',
            'score': 0.5,
            'mean': [1.0, 1.0],
        }


def test_of_somebody_else(tmp_path: Path):
    from safetensors.torch import save_file

    path = tmp_path / 'a.safetensors'
    save_file({'w': torch.ones(2, dtype=torch.bfloat16).t()}, path)
    loaded = CheckpointLoader.load_checkpoint(str(path), 'cpu', 'silent')
    assert loaded['meta'] == {}
    assert loaded['state_dict']['w'].dtype == torch.bfloat16


def test_faults(tmp_path: Path):
    path = tmp_path / 'a.safetensors'
    with pytest.raises(FileNotFoundError, match=r'a\.safetensors can not be'):
        load_weights(path)
    save_weights({'w': torch.ones(2)}, META, path)
    data = path.read_bytes()
    for broken in (b'', data[:-1], data[:20], data + b'x', b'\x80' + data):
        path.write_bytes(broken)
        with pytest.raises(BrokenFileError, match=r'safetensors is broken: '):
            load_weights(path)
    with pytest.raises(TypeError, match='object is no plain value'):
        save_weights({}, {'x': object()}, path)


def test_is_safetensors():
    assert is_safetensors(Path('a.safetensors'))
    assert not is_safetensors('a.pth')
    assert not is_safetensors(object())
