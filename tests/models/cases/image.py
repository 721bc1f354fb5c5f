"""Contracts of the image encoders."""

from functools import partial

from tests.models.cases import case
from trimodal.testing import image_samples

VIT = {
    'type': 'VisionTransformer',
    'img_size': 32,
    'patch_size': 8,
    'embed_dims': 16,
    'num_layers': 2,
    'num_heads': 2,
    'feedforward_channels': 32,
}
TORCHVISION = {'type': 'TorchvisionBackbone', 'name': 'resnet18'}

TIMM = {
    'type': 'TimmBackbone',
    'name': 'test_resnet',
    'level': 2,
    # A branch that starts from zero gives its inside no gradient.
    'options': {'zero_init_last': False},
}
PYRAMID = {
    'type': 'FeaturePyramid',
    'backbone': {**TORCHVISION, 'level': (1, 2)},
    'out_channels': 16,
}
SIMPLE = {'type': 'SimpleFeaturePyramid', 'encoder': VIT, 'out_channels': 8}
POOLED = {'type': 'PooledEncoder', 'encoder': VIT}

large_pictures = partial(image_samples, sizes=((64, 64), (64, 96)))

CONTRACTS = [
    case(VIT, image_samples),
    case(
        VIT,
        image_samples,
        'sinusoidal',
        positions='sinusoidal',
        layer_scale=0.1,
    ),
    case(VIT, image_samples, 'cls', output='cls'),
    case(VIT, image_samples, 'mean', output='mean', cls_token=False),
    case(VIT, image_samples, 'patches', output='patches'),
    case(POOLED, image_samples),
    *(
        case(POOLED, image_samples, mode, pooling=mode)
        for mode in ('max', 'cls', 'attention')
    ),
    case(TORCHVISION, large_pictures, level='layer2'),
    case(
        TORCHVISION,
        large_pictures,
        'without-batch-norm',
        name='squeezenet1_1',
        level=2,
    ),
    case(TIMM, large_pictures),
    case(PYRAMID, large_pictures),
    case(
        PYRAMID,
        large_pictures,
        'extra-level',
        extra_level=True,
        backbone={**TORCHVISION, 'level': (1, 2), 'norm_eval': True},
    ),
    case(SIMPLE, image_samples),
]
