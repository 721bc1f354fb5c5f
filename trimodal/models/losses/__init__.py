"""Losses."""

from trimodal.models.losses.cross_entropy import CrossEntropyLoss

__all__ = ['CrossEntropyLoss']
