"""Aligners: streams to a common clock and a common space."""

from trimodal.models.aligners.base import BaseAligner
from trimodal.models.aligners.projection import ProjectionAligner

__all__ = ['BaseAligner', 'ProjectionAligner']
