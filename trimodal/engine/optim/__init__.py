"""How optimizers are made."""

from trimodal.engine.optim.default_constructor import (
    DefaultOptimWrapperConstructor,
)
from trimodal.engine.optim.layer_decay import (
    LearningRateDecayOptimWrapperConstructor,
)

__all__ = [
    'DefaultOptimWrapperConstructor',
    'LearningRateDecayOptimWrapperConstructor',
]
