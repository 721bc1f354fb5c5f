"""Small helpers that belong to no stage."""

from trimodal.utils.build import build

__all__ = ['build']
