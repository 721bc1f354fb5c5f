"""Objectives: what training asks for beside the heads' losses."""

from trimodal.models.objectives.base import BaseObjective
from trimodal.models.objectives.diversity_loss import DiversityLoss
from trimodal.models.objectives.gradient_blending import GradientBlending
from trimodal.models.objectives.ogm_ge import OGMGE
from trimodal.models.objectives.unimodal_heads import UnimodalHeads

__all__ = [
    'OGMGE',
    'BaseObjective',
    'DiversityLoss',
    'GradientBlending',
    'UnimodalHeads',
]
