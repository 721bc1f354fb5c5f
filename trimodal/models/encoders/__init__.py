"""Encoders: one modality's batch to a sequence of features."""

from trimodal.models.encoders.base import BaseEncoder
from trimodal.models.encoders.conformer import Conformer
from trimodal.models.encoders.feature_pyramid import FeaturePyramid
from trimodal.models.encoders.grid_backbone import GridBackbone
from trimodal.models.encoders.grid_encoder import GridEncoder
from trimodal.models.encoders.hand_graph import HandGraphEncoder
from trimodal.models.encoders.hand_transformer import HandTransformer
from trimodal.models.encoders.pooled import PooledEncoder
from trimodal.models.encoders.simple_feature_pyramid import (
    SimpleFeaturePyramid,
)
from trimodal.models.encoders.speech_cnn import SpeechCNN
from trimodal.models.encoders.speech_transformer import SpeechTransformer
from trimodal.models.encoders.stgcn import STGCN, STGCNPlusPlus
from trimodal.models.encoders.stream_fusion import StreamFusionEncoder
from trimodal.models.encoders.timm_backbone import TimmBackbone
from trimodal.models.encoders.torchaudio_bundle import TorchaudioBundle
from trimodal.models.encoders.torchvision_backbone import TorchvisionBackbone
from trimodal.models.encoders.vision_transformer import VisionTransformer

__all__ = [
    'STGCN',
    'BaseEncoder',
    'Conformer',
    'FeaturePyramid',
    'GridBackbone',
    'GridEncoder',
    'HandGraphEncoder',
    'HandTransformer',
    'PooledEncoder',
    'STGCNPlusPlus',
    'SimpleFeaturePyramid',
    'SpeechCNN',
    'SpeechTransformer',
    'StreamFusionEncoder',
    'TimmBackbone',
    'TorchaudioBundle',
    'TorchvisionBackbone',
    'VisionTransformer',
]
