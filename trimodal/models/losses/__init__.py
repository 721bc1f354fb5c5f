"""Losses."""

from trimodal.models.losses.contrastive import InfoNCELoss
from trimodal.models.losses.cross_entropy import CrossEntropyLoss
from trimodal.models.losses.ctc import CTCLoss
from trimodal.models.losses.regression import HuberLoss, L1Loss, MSELoss
from trimodal.models.losses.soft_dtw import SoftDTWLoss

__all__ = [
    'CTCLoss',
    'CrossEntropyLoss',
    'HuberLoss',
    'InfoNCELoss',
    'L1Loss',
    'MSELoss',
    'SoftDTWLoss',
]
