"""Heads: one task each."""

from trimodal.models.heads.base import BaseHead
from trimodal.models.heads.cls_head import ClsHead

__all__ = ['BaseHead', 'ClsHead']
