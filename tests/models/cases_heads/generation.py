"""Contracts of the generation head."""

from trimodal.structures import TriModalDataSample
from trimodal.testing import HeadContract

GENERATION = {
    'type': 'GenerationHead',
    'vocabulary': {'type': 'CharVocabulary', 'characters': 'abcd'},
    'in_channels': 12,
    'embed_dims': 8,
    'num_layers': 2,
    'num_heads': 2,
    'feedforward_channels': 8,
    'dropout': 0.0,
    'positions': 'learned',
    'search': {'type': 'BeamSearch', 'max_length': 4},
}
BEAMS = {'type': 'BeamSearch', 'beam_size': 3, 'max_length': 3}


def text_samples(size: int) -> list[TriModalDataSample]:
    """As many with texts of different lengths; the last has none."""
    texts = ('abcd', 'ba', '', 'dcb', 'c')
    samples = [
        TriModalDataSample().set_gt_text(texts[row % len(texts)])
        for row in range(size - 1)
    ]
    return [*samples, TriModalDataSample()]


CONTRACTS = [
    HeadContract(GENERATION, id='generation', annotate=text_samples),
    HeadContract(
        {
            **GENERATION,
            'stream': 'c',
            'stream_channels': 8,
            'memory_positions': True,
            'tied_embeddings': True,
            'positions': 'sinusoidal',
            'search': {**BEAMS, 'max_length': 4},
        },
        id='generation-stream',
        annotate=text_samples,
    ),
]
