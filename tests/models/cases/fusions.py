"""Contracts of the fusions that are older than the others."""

from tests.models.cases import case
from tests.models.cases.streams import FUSION, streams

CONCAT = dict(type='ConcatFusion', **FUSION)
CROSS = dict(
    type='CrossModalAttentionFusion', num_heads=2, dropout=0.0, **FUSION
)

CONTRACTS = [
    case(CONCAT, streams),
    case(CONCAT, streams, 'attention', pooling='attention'),
    case(CONCAT, streams, 'max', pooling='max'),
    case(CROSS, streams),
    case(CROSS, streams, 'attention', pooling='attention'),
]
