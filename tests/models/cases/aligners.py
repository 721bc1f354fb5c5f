"""Contracts of the aligners."""

from tests.models.cases import case
from tests.models.cases.streams import WIDTHS, streams
from trimodal.structures import Tokens
from trimodal.testing import stream_samples


def orders() -> list[dict[str, Tokens]]:
    """Samples in which now the one, now the other stream is the longest."""
    turned = stream_samples(dict(reversed(WIDTHS.items())))
    return streams() + [{n: s[n] for n in WIDTHS} for s in turned]


PROJECTION = {
    'type': 'ProjectionAligner',
    'in_channels': WIDTHS,
    'out_channels': 16,
}
NAMES = {'modalities': tuple(WIDTHS)}
TWO = ('speech', 'gesture')
TWO_WIDTHS = {name: WIDTHS[name] for name in TWO}
RATES = {'speech': 25.0, 'gesture': 10.0, 'image': 15.0}
INTERPOLATION = {'type': 'InterpolationAligner', **NAMES}
ATTENTION = {
    'type': 'AttentionAligner',
    'in_channels': WIDTHS,
    'embed_dims': 8,
    'num_heads': 2,
    **NAMES,
}
MONOTONIC = {
    'type': 'MonotonicAligner',
    'in_channels': WIDTHS,
    'embed_dims': 8,
    **NAMES,
}
DTW = {
    'type': 'SoftDTWAligner',
    'in_channels': WIDTHS,
    'embed_dims': 8,
    **NAMES,
}
CONTRASTIVE = {
    'type': 'ContrastiveAligner',
    'in_channels': WIDTHS,
    'embed_dims': 8,
    **NAMES,
}

CONTRACTS = [
    case(PROJECTION, streams),
    case(INTERPOLATION, orders),
    case(INTERPOLATION, orders, 'cubic', mode='cubic', reference='gesture'),
    case(INTERPOLATION, orders, 'steps', num_steps=6, rates=RATES),
    *(
        made
        for config in (ATTENTION, MONOTONIC, DTW)
        for made in (
            case(config, orders),
            case(config, orders, 'reference', reference='gesture'),
            case(config, orders, 'rates', rates=RATES),
            case(
                config, orders, 'two', modalities=TWO, in_channels=TWO_WIDTHS
            ),
        )
    ),
    case(ATTENTION, orders, 'steps', num_steps=6),
    case(
        DTW,
        orders,
        'loss',
        collective=True,
        loss={'type': 'SoftDTWLoss', 'loss_weight': 0.5},
    ),
    case(CONTRASTIVE, streams, collective=True),
    case(
        CONTRASTIVE,
        streams,
        'bilinear',
        collective=True,
        loss={'type': 'InfoNCELoss', 'similarity': 'bilinear'},
        pooling='attention',
    ),
    case(
        CONTRASTIVE,
        streams,
        'mlp',
        collective=True,
        loss={'type': 'InfoNCELoss', 'similarity': 'mlp'},
    ),
]
