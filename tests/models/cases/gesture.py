"""Contracts of the gesture encoders."""

from functools import partial

from tests.models.cases import case
from trimodal.testing import gesture_samples

HAND_GRAPH = {
    'type': 'HandGraphEncoder',
    'graph_channels': (8, 12),
    'embed_dims': 16,
    'num_layers': 2,
    'dropout': 0.0,
}
STGCN = {
    'type': 'STGCN',
    'channels': (8, 12, 16),
    'strides': (1, 2, 1),
    'kernel_size': 5,
    'norm': 'layer',
    'dropout': 0.0,
}
STGCN_PLUS_PLUS = {
    'type': 'STGCNPlusPlus',
    'channels': (12, 16),
    'strides': (2, 1),
    'dilations': (1, 2),
    'norm': 'layer',
    'dropout': 0.0,
}
TRANSFORMER = {
    'type': 'HandTransformer',
    'embed_dims': 16,
    'spatial_layers': 1,
    'temporal_layers': 1,
    'num_heads': 2,
    'feedforward_channels': 32,
    'dropout': 0.0,
}
STREAMS = {
    'type': 'StreamFusionEncoder',
    'encoder': {**HAND_GRAPH, 'in_channels': 3, 'num_layers': 1},
}
# One body in two dimensions.
body_samples = partial(gesture_samples, channels=2, joints=17, hands=1)
BODY = {'in_channels': 2, 'num_hands': 1, 'layout': 'coco_17'}

CONTRACTS = [
    case(HAND_GRAPH, gesture_samples),
    case(
        HAND_GRAPH,
        gesture_samples,
        'concat',
        hand_fusion='concat',
        adjacency='physical',
        joint_pooling='mean',
    ),
    case(HAND_GRAPH, gesture_samples, 'attention', hand_fusion='attention'),
    case(HAND_GRAPH, gesture_samples, 'two-hops', max_hops=2),
    case(HAND_GRAPH, gesture_samples, 'learned', adjacency='learned'),
    case(HAND_GRAPH, body_samples, 'body', partition='spatial', **BODY),
    case(STGCN, gesture_samples),
    case(STGCN, gesture_samples, 'batch', collective=True, norm='batch'),
    case(
        STGCN,
        gesture_samples,
        'concat',
        hand_fusion='concat',
        adjacency='adaptive',
        partition='distance',
        max_hops=2,
        strides=(1, 3, 2),
    ),
    case(STGCN, body_samples, 'body', adjacency='physical', **BODY),
    case(STGCN_PLUS_PLUS, gesture_samples),
    case(
        STGCN_PLUS_PLUS,
        gesture_samples,
        'batch',
        collective=True,
        norm='batch',
        hand_fusion='attention',
    ),
    case(TRANSFORMER, gesture_samples),
    case(TRANSFORMER, gesture_samples, 'full', attention='full'),
    case(
        TRANSFORMER,
        gesture_samples,
        'flatten',
        joint_pooling='flatten',
        positions='learned',
        max_length=8,
        hand_fusion='attention',
    ),
    case(TRANSFORMER, body_samples, 'body', **BODY),
    case(STREAMS, gesture_samples),
    case(STREAMS, gesture_samples, 'concat', fusion='concat'),
    case(
        STREAMS,
        partial(gesture_samples, channels=12),
        'attention',
        num_streams=4,
        fusion='attention',
    ),
]
