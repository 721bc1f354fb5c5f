"""Contracts of the gesture encoders."""

from tests.models.cases import case
from trimodal.testing import gesture_samples

HAND_GRAPH = {
    'type': 'HandGraphEncoder',
    'graph_channels': (8, 12),
    'embed_dims': 16,
    'num_layers': 2,
    'dropout': 0.0,
}

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
]
