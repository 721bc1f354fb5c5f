"""Objectives: what training asks for beside the heads' losses."""

from trimodal.models.objectives.base import BaseObjective
from trimodal.models.objectives.diversity_loss import DiversityLoss
from trimodal.models.objectives.fixed_weights import FixedWeights
from trimodal.models.objectives.grad_norm import GradNorm
from trimodal.models.objectives.gradient_blending import GradientBlending
from trimodal.models.objectives.ogm_ge import OGMGE
from trimodal.models.objectives.pc_grad import PCGrad
from trimodal.models.objectives.task_weighting import BaseTaskWeighting
from trimodal.models.objectives.uncertainty_weights import UncertaintyWeights
from trimodal.models.objectives.unimodal_heads import UnimodalHeads

__all__ = [
    'OGMGE',
    'BaseObjective',
    'BaseTaskWeighting',
    'DiversityLoss',
    'FixedWeights',
    'GradNorm',
    'GradientBlending',
    'PCGrad',
    'UncertaintyWeights',
    'UnimodalHeads',
]
