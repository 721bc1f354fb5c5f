"""Objectives: what training asks for beside the heads' losses."""

from trimodal.models.objectives.base import BaseObjective

__all__ = ['BaseObjective']
