"""Fusions: many streams to one."""

from trimodal.models.fusions.base import BaseFusion
from trimodal.models.fusions.bottleneck import BottleneckFusion
from trimodal.models.fusions.concat import ConcatFusion
from trimodal.models.fusions.cross_attention import CrossModalAttentionFusion
from trimodal.models.fusions.hierarchical import HierarchicalFusion
from trimodal.models.fusions.low_rank import LowRankFusion
from trimodal.models.fusions.mult import MulTFusion
from trimodal.models.fusions.tensor import TensorFusion

__all__ = [
    'BaseFusion',
    'BottleneckFusion',
    'ConcatFusion',
    'CrossModalAttentionFusion',
    'HierarchicalFusion',
    'LowRankFusion',
    'MulTFusion',
    'TensorFusion',
]
