"""Fusions: many streams to one."""

from trimodal.models.fusions.base import BaseFusion
from trimodal.models.fusions.concat import ConcatFusion
from trimodal.models.fusions.cross_attention import CrossModalAttentionFusion

__all__ = ['BaseFusion', 'ConcatFusion', 'CrossModalAttentionFusion']
