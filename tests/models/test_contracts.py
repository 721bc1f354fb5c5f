"""Every registered encoder, aligner and fusion against the contract."""

from functools import partial

import pytest

from tests.models.contracts import (
    CHECKS,
    Contract,
    gesture_samples,
    image_samples,
    speech_samples,
    stream_samples,
)

SPEECH = {
    'type': 'SpeechTransformer',
    'in_channels': 16,
    'embed_dims': 16,
    'num_layers': 2,
    'num_heads': 2,
    'feedforward_channels': 32,
    'conv_channels': (4, 8),
    'dropout': 0.0,
}
HAND = {
    'type': 'HandGraphEncoder',
    'graph_channels': (8, 12),
    'embed_dims': 16,
    'num_layers': 2,
    'dropout': 0.0,
}
VIT = {
    'type': 'VisionTransformer',
    'img_size': 32,
    'patch_size': 8,
    'embed_dims': 16,
    'num_layers': 2,
    'num_heads': 2,
    'feedforward_channels': 32,
}
WIDTHS = {'speech': 12, 'gesture': 8, 'image': 10}
FUSION = {
    'modalities': tuple(WIDTHS),
    'in_channels': WIDTHS,
    'out_channels': 16,
}
CONCAT = dict(type='ConcatFusion', **FUSION)
CROSS = dict(
    type='CrossModalAttentionFusion', num_heads=2, dropout=0.0, **FUSION
)

pictures = partial(image_samples, sizes=((32, 32), (40, 24), (17, 30)))
large_pictures = partial(image_samples, sizes=((64, 64), (64, 96)))
streams = partial(stream_samples, widths=WIDTHS)


def case(config: dict, samples, name: str = '', **changes) -> Contract:
    label = '-'.join(filter(None, [config['type'], name]))
    return Contract({**config, **changes}, samples, label)


CONTRACTS = [
    case(SPEECH, speech_samples),
    case(SPEECH, speech_samples, 'learned', positions='learned', max_length=8),
    case(SPEECH, speech_samples, 'conv1d', conv_dims=1, conv_kernel_size=5),
    case(SPEECH, speech_samples, 'batch', conv_norm='batch'),
    case(SPEECH, speech_samples, 'strides', conv_strides=(3, 1)),
    case(HAND, gesture_samples),
    case(
        HAND,
        gesture_samples,
        'concat',
        hand_fusion='concat',
        adjacency='physical',
        joint_pooling='mean',
    ),
    case(HAND, gesture_samples, 'attention', hand_fusion='attention'),
    case(HAND, gesture_samples, 'two-hops', max_hops=2),
    case(VIT, pictures),
    case(VIT, pictures, 'sinusoidal', positions='sinusoidal', layer_scale=0.1),
    case(VIT, pictures, 'cls', output='cls'),
    case(VIT, pictures, 'mean', output='mean', cls_token=False),
    case(VIT, pictures, 'patches', output='patches'),
    case(
        {'type': 'TorchvisionBackbone', 'name': 'resnet18'},
        large_pictures,
        level='layer2',
    ),
    case(
        {'type': 'TorchvisionBackbone', 'name': 'squeezenet1_1'},
        large_pictures,
        'without-batch-norm',
        level=2,
    ),
    case(
        {
            'type': 'ProjectionAligner',
            'in_channels': WIDTHS,
            'out_channels': 16,
        },
        streams,
    ),
    case(CONCAT, streams),
    case(CONCAT, streams, 'attention', pooling='attention'),
    case(CONCAT, streams, 'max', pooling='max'),
    case(CROSS, streams),
    case(CROSS, streams, 'attention', pooling='attention'),
]


@pytest.mark.parametrize('check', CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize('contract', CONTRACTS, ids=lambda c: c.id)
def test_contract(contract, check) -> None:
    check(contract)
