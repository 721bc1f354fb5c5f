"""Three streams of different widths, for aligners and fusions."""

from functools import partial

from trimodal.testing import stream_samples

WIDTHS = {'speech': 12, 'gesture': 8, 'image': 10}
FUSION = {
    'modalities': tuple(WIDTHS),
    'in_channels': WIDTHS,
    'out_channels': 16,
}

streams = partial(stream_samples, widths=WIDTHS)
same_width_streams = partial(stream_samples, widths=dict.fromkeys(WIDTHS, 16))
CONTRACTS: list = []
