"""Metrics, each registered in ``trimodal.registry.METRICS``."""

from trimodal.evaluation.metrics.acceleration import AccelerationError
from trimodal.evaluation.metrics.accuracy import Accuracy
from trimodal.evaluation.metrics.calibration import CalibrationError
from trimodal.evaluation.metrics.coco import CocoMetric
from trimodal.evaluation.metrics.confusion_matrix import ConfusionMatrix
from trimodal.evaluation.metrics.label_flips import LabelFlipRate
from trimodal.evaluation.metrics.landmarks import LandmarkMetric
from trimodal.evaluation.metrics.multi_label import MultiLabelMetric
from trimodal.evaluation.metrics.per_class import PerClassTable
from trimodal.evaluation.metrics.regression import RegressionMetric
from trimodal.evaluation.metrics.roc_auc import RocAuc
from trimodal.evaluation.metrics.single_label import SingleLabelMetric
from trimodal.evaluation.metrics.text import TextMetric

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
]
