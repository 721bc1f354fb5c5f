"""Contracts of the aligners."""

from tests.models.cases import case
from tests.models.cases.streams import WIDTHS, streams

PROJECTION = {
    'type': 'ProjectionAligner',
    'in_channels': WIDTHS,
    'out_channels': 16,
}

CONTRACTS = [case(PROJECTION, streams)]
