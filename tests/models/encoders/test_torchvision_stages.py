"""Taking torchvision's classifiers apart."""

from torch import nn

from trimodal.models.encoders.torchvision_stages import (
    build_classifier,
    find_stages,
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
