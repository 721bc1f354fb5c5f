"""How optimizers are made."""

from trimodal.engine.optim.layer_decay import (
    LearningRateDecayOptimWrapperConstructor,
)

__all__ = ['LearningRateDecayOptimWrapperConstructor']
