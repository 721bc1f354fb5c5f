"""Ready networks, cut at their levels."""

import pytest
import torch
from torch import nn

from trimodal.models import GridBackbone
from trimodal.models.encoders.grid_backbone import probe


class Levels(nn.Module):
    """One level after the other, all of them given."""

    def __init__(self, *parts: nn.Module) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, x):
        levels = []
        for part in self.parts:
            x = part(x)
            levels.append(x)
        return levels


class ChannelsLast(nn.Module):
    def forward(self, x):
        return x.permute(0, 2, 3, 1)


class Only224(nn.Module):
    def forward(self, x):
        assert x.shape[2] == 224, 'wrong height'


def two_levels() -> Levels:
    return Levels(
        nn.Sequential(nn.Conv2d(3, 4, 2, 2), nn.BatchNorm2d(4)),
        nn.Sequential(nn.Conv2d(4, 6, 2, 2), nn.BatchNorm2d(6)),
    )


def test_probe_finds_the_channels():
    assert probe(Levels(nn.Conv2d(3, 7, 4, 4))) == [(7, False)]
    assert probe(Levels(nn.Conv2d(3, 7, 4, 4), ChannelsLast())) == [
        (7, False),
        (7, True),
    ]


@pytest.mark.parametrize(
    ('part', 'message'),
    [
        (nn.AdaptiveAvgPool2d(4), 'grid of cells'),
        (nn.Flatten(2), 'grid of cells'),
        (nn.Upsample(scale_factor=2), r'fine to coarse, got .*\[192, 384\]'),
    ],
)
def test_what_is_no_level(part, message):
    with pytest.raises(ValueError, match=f'level must .*{message}'):
        probe(Levels(nn.Identity(), part))


def test_probe_leaves_mode_and_statistics():
    features = two_levels().train()
    probe(features)
    assert features.training
    assert features.parts[0][1].num_batches_tracked == 0


def test_levels_and_the_last_of_them():
    features = Levels(nn.Conv2d(3, 4, 2, 2), ChannelsLast())
    backbone = GridBackbone('tiny', features)
    x = torch.randn(2, 3, 8, 6)
    fine = features.parts[0](x)
    levels = backbone.levels(x)
    assert backbone.channels == (4, 4)
    torch.testing.assert_close(levels, [fine, fine])
    torch.testing.assert_close(backbone.extract(x), [fine])


def test_frozen_parts_and_norms():
    backbone = GridBackbone('tiny', two_levels(), frozen={'parts.0'}).train()
    first, second = backbone.features.parts
    assert not first[0].weight.requires_grad
    assert second[0].weight.requires_grad
    assert [first[1].training, second[1].training] == [False, True]
    still = GridBackbone('tiny', two_levels(), norm_eval=True).train()
    assert not still.features.parts[1][1].training
    assert still.features.parts[1][1].weight.requires_grad
    assert still.features.parts[1][0].training


def test_a_network_of_one_size():
    with pytest.raises(
        ValueError, match=r"any picture size, got 'only'.*height"
    ):
        GridBackbone('only', Only224())
