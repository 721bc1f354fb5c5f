"""Contracts of the fusions from sums to decisions."""

from tests.models.cases import case
from tests.models.cases.streams import FUSION, streams

SUM = dict(type='SumFusion', **FUSION)
GATED = dict(type='GatedFusion', **FUSION)
ADAPTIVE = dict(type='AdaptiveFusion', **FUSION)
MIXTURE = dict(
    type='MixtureOfExpertsFusion', num_experts=3, balance_weight=1.0, **FUSION
)
POOLING = dict(type='AttentionPoolingFusion', num_heads=2, **FUSION)
ATTENTION = dict(
    type='SelfAttentionFusion', num_heads=2, dropout=0.0, **FUSION
)
FILM = dict(type='FiLMFusion', target='image', **FUSION)
PERCEIVER = dict(
    type='PerceiverFusion', num_latents=3, num_heads=2, dropout=0.0, **FUSION
)
PRODUCT = dict(type='ProductOfExpertsFusion', **FUSION)
LATE = dict(type='LateFusion', **FUSION)

CONTRACTS = [
    case(SUM, streams),
    case(SUM, streams, 'attention', pooling='attention'),
    case(GATED, streams),
    case(GATED, streams, 'softmax', gate='softmax'),
    case(ADAPTIVE, streams),
    case(MIXTURE, streams, collective=True),
    case(MIXTURE, streams, 'tokens', collective=True, levels=('tokens',)),
    case(
        MIXTURE,
        streams,
        'both',
        collective=True,
        levels=('tokens', 'pooled'),
        num_experts=2,
        top_k=1,
    ),
    case(MIXTURE, streams, 'plain', noisy=False, balance_weight=0.0),
    case(POOLING, streams),
    case(ATTENTION, streams),
    case(ATTENTION, streams, 'attention', pooling='attention'),
    case(FILM, streams),
    case(FILM, streams, 'attention', target='speech', pooling='attention'),
    case(PERCEIVER, streams),
    case(PRODUCT, streams),
    case(PRODUCT, streams, 'sampled', sample=True, kl_weight=0.1),
    *(
        case(LATE, streams, rule, rule=rule)
        for rule in ('mean', 'mean_prob', 'product', 'max', 'weighted')
    ),
    case(LATE, streams, 'hidden', hidden_channels=8, pooling='attention'),
]
