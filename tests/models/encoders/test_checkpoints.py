"""Weights of other libraries' networks."""

import pytest
import torch
from mmengine.logging import HistoryBuffer
from torch import nn

from trimodal.models.encoders.checkpoints import load_features, read_checkpoint


@pytest.mark.parametrize('wrapped', [True, False])
def test_read_checkpoint(tmp_path, wrapped):
    state = nn.Linear(2, 3).state_dict()
    path = str(tmp_path / 'linear.pth')
    torch.save({'state_dict': state} if wrapped else state, path)
    got = read_checkpoint(path)
    assert got.keys() == state.keys()
    assert torch.equal(got['weight'], state['weight'])


def test_read_a_checkpoint_of_mmengine(tmp_path):
    state = nn.Linear(2, 3).state_dict()
    history = HistoryBuffer([1.0], [1])
    path = str(tmp_path / 'epoch_1.pth')
    torch.save({'state_dict': state, 'message_hub': {'loss': history}}, path)
    assert read_checkpoint(path).keys() == state.keys()


def test_load_features_takes_what_it_has():
    source, target = nn.Linear(2, 3), nn.Linear(2, 3)
    checkpoint = {**source.state_dict(), 'fc.weight': torch.zeros(1)}
    load_features(target, checkpoint)
    assert torch.equal(source.weight, target.weight)
    del checkpoint['bias']
    with pytest.raises(ValueError, match=r'lack 1 of 2 .*bias'):
        load_features(target, checkpoint)
