"""Feature pyramids."""

import pytest
import torch
from torchvision.models import resnet18
from torchvision.models.detection.backbone_utils import (
    _resnet_fpn_extractor,
)
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

from trimodal.models import FeaturePyramid
from trimodal.structures import ModalityInput
from trimodal.testing import image_samples, stack_inputs

RESNET = {
    'type': 'TorchvisionBackbone',
    'name': 'resnet18',
    'level': (1, 2, 3, 4),
}


@pytest.fixture(scope='module')
def pyramid() -> FeaturePyramid:
    torch.manual_seed(0)
    return FeaturePyramid(RESNET, 32, extra_level=True).eval()


def test_equals_torchvisions_with_the_same_weights(pyramid):
    theirs = _resnet_fpn_extractor(
        resnet18(weights=None), 5, extra_blocks=LastLevelMaxPool()
    ).eval()
    theirs.fpn = pyramid.pyramid
    theirs.body.load_state_dict(pyramid.backbone.features.state_dict())
    x = torch.randn(2, 3, 64, 96)
    want = list(theirs(x).values())
    tokens = pyramid(ModalityInput(x, torch.ones(2, 64, 96).bool()))
    assert tokens.grids == ((16, 24), (8, 12), (4, 6), (2, 3), (1, 2))
    torch.testing.assert_close(
        tokens.x,
        torch.cat([grid.flatten(2) for grid in want], 2).transpose(1, 2),
        # Ours has the channels last, which is summed in another order.
        atol=1e-4,
        rtol=1e-4,
    )


def test_padding_changes_no_level(pyramid):
    samples = image_samples(((64, 96), (80, 48)))
    batch = pyramid(stack_inputs(samples, spare=16))
    assert batch.grids[0] == (20, 24)
    for row, sample in enumerate(samples):
        alone = pyramid(sample)
        torch.testing.assert_close(
            batch.x[row][batch.mask[row]], alone.x[0], atol=1e-5, rtol=1e-5
        )


def test_bad_arguments():
    with pytest.raises(ValueError, match=r'backbone .*got VisionTransformer'):
        FeaturePyramid({'type': 'VisionTransformer', 'num_layers': 0})
    with pytest.raises(ValueError, match='out_channels'):
        FeaturePyramid(RESNET, 0)
