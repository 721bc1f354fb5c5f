"""Augmentations that mix the samples of a batch."""

from trimodal.models.batch_augments.base import BaseMix
from trimodal.models.batch_augments.cutmix import CutMix
from trimodal.models.batch_augments.mixup import Mixup

__all__ = ['BaseMix', 'CutMix', 'Mixup']
