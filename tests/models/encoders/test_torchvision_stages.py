"""Taking torchvision's classifiers apart."""

import pytest
import torch
from torch import nn

from trimodal.models.encoders.torchvision_stages import (
    build_classifier,
    find_stages,
    load_features,
    probe,
)


def test_a_stage_begins_with_weights():
    model, checkpoint = build_classifier('resnet18', None)
    assert checkpoint is None
    assert find_stages(model) == [
        ['conv1', 'bn1', 'relu', 'maxpool'],
        ['layer1'],
        ['layer2'],
        ['layer3'],
        ['layer4'],
    ]


def test_containers_are_opened_and_heads_left_out():
    model = nn.Module()
    model.features = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 5, 3)
    )
    model.aux1 = nn.Linear(2, 2)
    model.norm = nn.LayerNorm(5)
    model.avgpool = nn.AdaptiveAvgPool2d(1)
    model.fc = nn.Linear(5, 2)
    assert find_stages(model) == [
        ['features.0', 'features.1', 'features.2'],
        ['features.3', 'norm'],
    ]


def named(module: nn.Module) -> nn.Module:
    class Features(nn.Module):
        def forward(self, x):
            return {'features': module(x)}

    return Features()


class ChannelsLast(nn.Module):
    def forward(self, x):
        return x.permute(0, 2, 3, 1)


def test_probe_finds_the_channels():
    assert probe(named(nn.Conv2d(3, 7, 4, 4))) == (7, False)
    assert probe(named(ChannelsLast())) == (3, True)
    with pytest.raises(ValueError, match='grid of cells'):
        probe(named(nn.AdaptiveAvgPool2d(4)))
    with pytest.raises(ValueError, match='grid of cells'):
        probe(named(nn.Flatten(2)))


def test_probe_leaves_mode_and_statistics():
    norm = nn.BatchNorm2d(3)
    features = named(norm)
    features.norm = norm
    features.train()
    probe(features)
    assert features.training
    assert norm.num_batches_tracked == 0


def test_load_features_takes_what_it_has():
    source, target = nn.Linear(2, 3), nn.Linear(2, 3)
    checkpoint = {**source.state_dict(), 'fc.weight': torch.zeros(1)}
    load_features(target, checkpoint)
    assert torch.equal(source.weight, target.weight)
    del checkpoint['bias']
    with pytest.raises(ValueError, match=r'lack 1 of 2 .*bias'):
        load_features(target, checkpoint)
