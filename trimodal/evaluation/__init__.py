"""How good a model is: metrics and the functions they are made of."""

from trimodal.evaluation import functional
from trimodal.evaluation.metrics import (
    Accuracy,
    ConfusionMatrix,
    PerClassTable,
    RegressionMetric,
    SingleLabelMetric,
    TextMetric,
)

__all__ = [
    'Accuracy',
    'ConfusionMatrix',
    'PerClassTable',
    'RegressionMetric',
    'SingleLabelMetric',
    'TextMetric',
    'functional',
]
