"""A whole model as small as it goes, and batches for it."""

import torch

from trimodal.models import TriModalFusionModel
from trimodal.registry import MODELS
from trimodal.structures import TriModalDataSample

WIDTH = 16
PREPROCESSOR = {
    'type': 'TriModalDataPreprocessor',
    'modalities': {
        'speech': {'type': 'SpeechPreprocessor', 'n_mels': 16},
        'gesture': {'type': 'GesturePreprocessor'},
        'image': {'type': 'ImagePreprocessor'},
    },
}
ENCODERS = {
    'speech': {
        'type': 'SpeechTransformer',
        'in_channels': 16,
        'embed_dims': WIDTH,
        'num_layers': 1,
        'num_heads': 2,
        'feedforward_channels': 24,
        'conv_channels': (4, 4),
        'dropout': 0.0,
    },
    'gesture': {
        'type': 'HandGraphEncoder',
        'graph_channels': (8,),
        'embed_dims': WIDTH,
        'num_layers': 1,
        'dropout': 0.0,
    },
    'image': {
        'type': 'VisionTransformer',
        'img_size': 16,
        'patch_size': 8,
        'embed_dims': WIDTH,
        'num_layers': 1,
        'num_heads': 2,
        'feedforward_channels': 24,
    },
}
CROSS = {
    'type': 'CrossModalAttentionFusion',
    'modalities': tuple(ENCODERS),
    'in_channels': WIDTH,
    'out_channels': WIDTH,
    'num_layers': 1,
    'num_heads': 2,
    'dropout': 0.0,
}
CONCAT = {
    'type': 'ConcatFusion',
    'modalities': tuple(ENCODERS),
    'in_channels': WIDTH,
    'out_channels': WIDTH,
}
HEADS = {'cls': {'type': 'ClsHead', 'num_classes': 5, 'in_channels': WIDTH}}


SETTINGS = {
    'encoders': ENCODERS,
    'fusion': CROSS,
    'heads': HEADS,
    'data_preprocessor': PREPROCESSOR,
}


def make_model(**changes) -> TriModalFusionModel:
    """The model, always with the same weights."""
    torch.manual_seed(0)
    return MODELS.build({'type': 'TriModalFusionModel', **SETTINGS, **changes})


def make_data(present: list[str], labels: list[int | None]) -> dict:
    """A collated batch.

    Args:
        present: For each sample the first letters of what it has, 'sgi'.
        labels: For each sample its label, or None.
    """
    generator = torch.Generator().manual_seed(1)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    inputs: dict[str, list] = {name: [] for name in ENCODERS}
    samples = []
    for index, (has, label) in enumerate(zip(present, labels, strict=True)):
        everything = {
            'speech': random(1600 + 800 * index) * 0.1,
            'gesture': random(3 + index, 2, 21, 3),
            'image': (random(3, 16, 16) * 50 + 128).clamp(0, 255).byte(),
        }
        for name, value in everything.items():
            inputs[name].append(value if name[0] in has else None)
        sample = TriModalDataSample(metainfo={'sample_id': f's{index}'})
        samples.append(sample if label is None else sample.set_gt_label(label))
    return {'inputs': inputs, 'data_samples': samples}
