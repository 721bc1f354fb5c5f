"""Fusions: many streams to one."""

from trimodal.models.fusions.adaptive import AdaptiveFusion
from trimodal.models.fusions.attention_pooling import AttentionPoolingFusion
from trimodal.models.fusions.base import BaseFusion
from trimodal.models.fusions.bottleneck import BottleneckFusion
from trimodal.models.fusions.concat import ConcatFusion
from trimodal.models.fusions.cross_attention import CrossModalAttentionFusion
from trimodal.models.fusions.film import FiLMFusion
from trimodal.models.fusions.gated import GatedFusion
from trimodal.models.fusions.hierarchical import HierarchicalFusion
from trimodal.models.fusions.late import LateFusion
from trimodal.models.fusions.low_rank import LowRankFusion
from trimodal.models.fusions.mixture_of_experts import MixtureOfExpertsFusion
from trimodal.models.fusions.mult import MulTFusion
from trimodal.models.fusions.perceiver import PerceiverFusion
from trimodal.models.fusions.product_of_experts import ProductOfExpertsFusion
from trimodal.models.fusions.self_attention import SelfAttentionFusion
from trimodal.models.fusions.stepwise import StepwiseConcatFusion
from trimodal.models.fusions.sum import SumFusion
from trimodal.models.fusions.tensor import TensorFusion

__all__ = [
    'AdaptiveFusion',
    'AttentionPoolingFusion',
    'BaseFusion',
    'BottleneckFusion',
    'ConcatFusion',
    'CrossModalAttentionFusion',
    'FiLMFusion',
    'GatedFusion',
    'HierarchicalFusion',
    'LateFusion',
    'LowRankFusion',
    'MixtureOfExpertsFusion',
    'MulTFusion',
    'PerceiverFusion',
    'ProductOfExpertsFusion',
    'SelfAttentionFusion',
    'StepwiseConcatFusion',
    'SumFusion',
    'TensorFusion',
]
