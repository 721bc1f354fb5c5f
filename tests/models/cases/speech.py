"""Contracts of the speech encoders."""

import torch

from tests.models.cases import case
from trimodal.structures import ModalityInput
from trimodal.testing import make_input, speech_samples

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
CNN = {
    'type': 'SpeechCNN',
    'in_channels': 16,
    'embed_dims': 12,
    'stem_channels': (4,),
    'stem_strides': ((1, 2),),
    'channels': (6, 8),
    'strides': (1, 2),
    'kernel_size': 5,
    'norm': 'layer',
    'dropout': 0.0,
}
CONFORMER = {
    'type': 'Conformer',
    'in_channels': 16,
    'embed_dims': 16,
    'num_layers': 2,
    'num_heads': 2,
    'feedforward_channels': 32,
    'kernel_size': 5,
    'conv_channels': (4, 8),
    'norm': 'group',
    'dropout': 0.0,
}
BUNDLE = {
    'type': 'TorchaudioBundle',
    'freeze_features': False,
    'overrides': {
        'extractor_conv_layer_config': ((8, 10, 5), (8, 3, 2)),
        'encoder_embed_dim': 16,
        'encoder_projection_dropout': 0.0,
        'encoder_pos_conv_kernel': 4,
        'encoder_pos_conv_groups': 2,
        'encoder_num_layers': 2,
        'encoder_num_heads': 2,
        'encoder_attention_dropout': 0.0,
        'encoder_ff_interm_features': 24,
        'encoder_dropout': 0.0,
        'encoder_layer_drop': 0.0,
    },
}


def waves() -> list[ModalityInput]:
    return [
        make_input(torch.randn(n), torch.ones(n, dtype=torch.bool))
        for n in (230, 61, 7, 400)
    ]


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
    case(TRANSFORMER, speech_samples, 'rotary', positions='rotary'),
    case(TRANSFORMER, speech_samples, 'with-cp', with_cp=True),
    case(CNN, speech_samples),
    case(CNN, speech_samples, 'batch', collective=True, norm='batch'),
    case(CNN, speech_samples, 'full', separable=False, num_blocks=2),
    case(CONFORMER, speech_samples),
    case(CONFORMER, speech_samples, 'batch', collective=True, norm='batch'),
    case(
        CONFORMER,
        speech_samples,
        'convolution-first',
        convolution_first=True,
        positions='sinusoidal',
    ),
    case(BUNDLE, waves),
    case(BUNDLE, waves, 'weighted', bundle='HUBERT_LARGE', layer='weighted'),
    case(BUNDLE, waves, 'large', bundle='WAV2VEC2_LARGE_LV60K'),
    case(BUNDLE, waves, 'wavlm', bundle='WAVLM_BASE', layer=-1),
    case(BUNDLE, waves, 'frozen', freeze_features=True, frozen_layers=1),
]
