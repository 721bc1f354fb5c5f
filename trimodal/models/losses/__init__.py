"""Losses."""

from trimodal.models.losses.base import SampleLoss
from trimodal.models.losses.binary_cross_entropy import BinaryCrossEntropyLoss
from trimodal.models.losses.contrastive import InfoNCELoss
from trimodal.models.losses.cross_entropy import CrossEntropyLoss
from trimodal.models.losses.ctc import CTCLoss
from trimodal.models.losses.focal import FocalLoss, SoftmaxFocalLoss
from trimodal.models.losses.hungarian import HungarianMatcher
from trimodal.models.losses.ohem import OHEMLoss
from trimodal.models.losses.regression import HuberLoss, L1Loss, MSELoss
from trimodal.models.losses.set_loss import SetLoss
from trimodal.models.losses.soft_dtw import SoftDTWLoss
from trimodal.models.losses.task_aligned import TaskAlignedLoss

__all__ = [
    'BinaryCrossEntropyLoss',
    'CTCLoss',
    'CrossEntropyLoss',
    'FocalLoss',
    'HuberLoss',
    'HungarianMatcher',
    'InfoNCELoss',
    'L1Loss',
    'MSELoss',
    'OHEMLoss',
    'SampleLoss',
    'SetLoss',
    'SoftDTWLoss',
    'SoftmaxFocalLoss',
    'TaskAlignedLoss',
]
