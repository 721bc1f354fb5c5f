"""Aligners: streams to a common clock and a common space."""

from trimodal.models.aligners.attention import AttentionAligner
from trimodal.models.aligners.base import BaseAligner
from trimodal.models.aligners.contrastive import ContrastiveAligner
from trimodal.models.aligners.interpolation import InterpolationAligner
from trimodal.models.aligners.monotonic import MonotonicAligner
from trimodal.models.aligners.projection import ProjectionAligner
from trimodal.models.aligners.soft_dtw import SoftDTWAligner
from trimodal.models.aligners.temporal import TemporalAligner

__all__ = [
    'AttentionAligner',
    'BaseAligner',
    'ContrastiveAligner',
    'InterpolationAligner',
    'MonotonicAligner',
    'ProjectionAligner',
    'SoftDTWAligner',
    'TemporalAligner',
]
