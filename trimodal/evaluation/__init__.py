"""How good a model is: metrics and the functions they are made of."""

from trimodal.evaluation import functional
from trimodal.evaluation.metrics import (
    AccelerationError,
    Accuracy,
    CalibrationError,
    CocoMetric,
    ConfusionMatrix,
    LabelFlipRate,
    LandmarkMetric,
    MultiLabelMetric,
    PerClassTable,
    RegressionMetric,
    RocAuc,
    SingleLabelMetric,
    TextMetric,
)

__all__ = [
    'AccelerationError',
    'Accuracy',
    'CalibrationError',
    'CocoMetric',
    'ConfusionMatrix',
    'LabelFlipRate',
    'LandmarkMetric',
    'MultiLabelMetric',
    'PerClassTable',
    'RegressionMetric',
    'RocAuc',
    'SingleLabelMetric',
    'TextMetric',
    'functional',
]
