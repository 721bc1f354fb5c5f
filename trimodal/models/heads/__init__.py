"""Heads: one task each."""

from trimodal.models.heads.base import BaseHead
from trimodal.models.heads.classifier import ClassifierHead
from trimodal.models.heads.cls_head import ClsHead
from trimodal.models.heads.ctc_head import CTCHead
from trimodal.models.heads.detr_head import DETRHead
from trimodal.models.heads.generation_head import GenerationHead
from trimodal.models.heads.multi_label_head import MultiLabelHead
from trimodal.models.heads.reg_head import RegHead

__all__ = [
    'BaseHead',
    'CTCHead',
    'ClassifierHead',
    'ClsHead',
    'DETRHead',
    'GenerationHead',
    'MultiLabelHead',
    'RegHead',
]
