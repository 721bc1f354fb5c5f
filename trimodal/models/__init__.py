"""Models: preprocessors, encoders, aligners, fusions, heads and losses."""

from trimodal.models.aligners import BaseAligner, ProjectionAligner
from trimodal.models.data_preprocessors import (
    BasePreprocessor,
    GesturePreprocessor,
    ImagePreprocessor,
    SpeechPreprocessor,
    TriModalDataPreprocessor,
)
from trimodal.models.encoders import (
    BaseEncoder,
    Conformer,
    HandGraphEncoder,
    PooledEncoder,
    SpeechCNN,
    SpeechTransformer,
    TorchvisionBackbone,
    VisionTransformer,
)
from trimodal.models.fusion_model import TriModalFusionModel
from trimodal.models.fusions import (
    BaseFusion,
    BottleneckFusion,
    ConcatFusion,
    CrossModalAttentionFusion,
    HierarchicalFusion,
    LowRankFusion,
    MulTFusion,
    TensorFusion,
)
from trimodal.models.heads import BaseHead, ClsHead
from trimodal.models.layers import ModalityDropout, SpecAugment
from trimodal.models.losses import CrossEntropyLoss
from trimodal.models.objectives import BaseObjective
from trimodal.models.tta import TriModalTTAModel

__all__ = [
    'BaseAligner',
    'BaseEncoder',
    'BaseFusion',
    'BaseHead',
    'BaseObjective',
    'BasePreprocessor',
    'BottleneckFusion',
    'ClsHead',
    'ConcatFusion',
    'Conformer',
    'CrossEntropyLoss',
    'CrossModalAttentionFusion',
    'GesturePreprocessor',
    'HandGraphEncoder',
    'HierarchicalFusion',
    'LowRankFusion',
    'ImagePreprocessor',
    'ModalityDropout',
    'MulTFusion',
    'PooledEncoder',
    'ProjectionAligner',
    'SpecAugment',
    'SpeechCNN',
    'SpeechPreprocessor',
    'SpeechTransformer',
    'TensorFusion',
    'TorchvisionBackbone',
    'TriModalDataPreprocessor',
    'TriModalFusionModel',
    'TriModalTTAModel',
    'VisionTransformer',
]
