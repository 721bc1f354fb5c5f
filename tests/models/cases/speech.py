"""Contracts of the speech encoders."""

from tests.models.cases import case
from trimodal.testing import speech_samples

TRANSFORMER = {
    'type': 'SpeechTransformer',
    'in_channels': 16,
    'embed_dims': 16,
    'num_layers': 2,
    'num_heads': 2,
    'feedforward_channels': 32,
    'conv_channels': (4, 8),
    'dropout': 0.0,
}

CONTRACTS = [
    case(TRANSFORMER, speech_samples),
    case(
        TRANSFORMER,
        speech_samples,
        'learned',
        positions='learned',
        max_length=8,
    ),
    case(
        TRANSFORMER,
        speech_samples,
        'conv1d',
        conv_dims=1,
        conv_kernel_size=5,
    ),
    case(
        TRANSFORMER,
        speech_samples,
        'batch',
        collective=True,
        conv_norm='batch',
    ),
    case(TRANSFORMER, speech_samples, 'strides', conv_strides=(3, 1)),
]
