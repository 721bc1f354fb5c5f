"""Encoders: one modality's batch to a sequence of features."""

from trimodal.models.encoders.base import BaseEncoder
from trimodal.models.encoders.conformer import Conformer
from trimodal.models.encoders.hand_graph import HandGraphEncoder
from trimodal.models.encoders.pooled import PooledEncoder
from trimodal.models.encoders.speech_cnn import SpeechCNN
from trimodal.models.encoders.speech_transformer import SpeechTransformer
from trimodal.models.encoders.torchvision_backbone import TorchvisionBackbone
from trimodal.models.encoders.vision_transformer import VisionTransformer

__all__ = [
    'BaseEncoder',
    'Conformer',
    'HandGraphEncoder',
    'PooledEncoder',
    'SpeechCNN',
    'SpeechTransformer',
    'TorchvisionBackbone',
    'VisionTransformer',
]
