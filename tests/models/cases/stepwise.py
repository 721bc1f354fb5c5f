"""Contracts of the fusion on a common clock."""

from tests.models.cases import case
from tests.models.cases.streams import FUSION, streams

STEPWISE = dict(type='StepwiseConcatFusion', **FUSION)

CONTRACTS = [
    case(STEPWISE, streams),
    case(STEPWISE, streams, 'static', static=('image',), pooling='attention'),
    case(STEPWISE, streams, 'max', num_layers=0, pooling='max'),
]
