"""Metrics, each registered in ``trimodal.registry.METRICS``."""

from trimodal.evaluation.metrics.accuracy import Accuracy
from trimodal.evaluation.metrics.confusion_matrix import ConfusionMatrix
from trimodal.evaluation.metrics.per_class import PerClassTable
from trimodal.evaluation.metrics.regression import RegressionMetric
from trimodal.evaluation.metrics.single_label import SingleLabelMetric
from trimodal.evaluation.metrics.text import TextMetric

__all__ = [
    'Accuracy',
    'ConfusionMatrix',
    'PerClassTable',
    'RegressionMetric',
    'SingleLabelMetric',
    'TextMetric',
]
