"""Samplers that mmengine does not have."""

from trimodal.datasets.samplers.class_balanced import ClassBalancedSampler

__all__ = ['ClassBalancedSampler']
