"""Contracts of the CTC head."""

from trimodal.structures import TriModalDataSample
from trimodal.testing import HeadContract

CTC = {
    'type': 'CTCHead',
    'in_channels': 12,
    'vocabulary': {'type': 'CharVocabulary', 'characters': 'abc'},
}


def ctc_samples(size: int) -> list[TriModalDataSample]:
    """As many with texts, some with repeats; the last has none."""
    texts = ('ab', 'b', '', 'aa', 'cabcabbacc')
    samples = [
        TriModalDataSample().set_gt_text(texts[row % len(texts)])
        for row in range(size - 1)
    ]
    return [*samples, TriModalDataSample()]


CONTRACTS = [
    HeadContract(CTC, id='ctc', annotate=ctc_samples),
    HeadContract(
        {
            **CTC,
            'stream': 'b',
            'stream_channels': 8,
            'beam_size': 3,
            'length_bonus': 0.5,
        },
        id='ctc-stream-beam',
        annotate=ctc_samples,
    ),
]
