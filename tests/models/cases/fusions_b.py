"""Contracts of the fusions by tensors, pairs, bottlenecks and levels."""

from tests.models.cases import case
from tests.models.cases.streams import FUSION, streams

TENSOR = dict(type='TensorFusion', hidden_channels=3, **FUSION)
LOW_RANK = dict(type='LowRankFusion', hidden_channels=6, rank=2, **FUSION)
MULT = dict(
    type='MulTFusion',
    embed_dims=8,
    num_layers=2,
    num_self_layers=1,
    num_heads=2,
    dropout=0.0,
    **FUSION,
)
BOTTLENECK = dict(
    type='BottleneckFusion',
    num_layers=3,
    fusion_layer=1,
    num_bottlenecks=2,
    num_heads=2,
    dropout=0.0,
    **FUSION,
)
HIERARCHICAL = dict(
    type='HierarchicalFusion', num_heads=2, dropout=0.0, **FUSION
)

CONTRACTS = [
    case(TENSOR, streams),
    case(TENSOR, streams, 'attention', pooling='attention'),
    case(LOW_RANK, streams),
    case(LOW_RANK, streams, 'max', pooling='max'),
    case(MULT, streams),
    case(MULT, streams, 'mean', pooling='mean', kernel_size=1),
    case(BOTTLENECK, streams),
    case(BOTTLENECK, streams, 'all-layers', fusion_layer=0),
    case(BOTTLENECK, streams, 'with-cp', with_cp=True),
    case(HIERARCHICAL, streams),
    case(HIERARCHICAL, streams, 'attention', pooling='attention'),
]
