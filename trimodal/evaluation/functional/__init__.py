"""Pure functions behind the metrics: arrays in, arrays out."""

from trimodal.evaluation.functional.classification import (
    ClassScores,
    class_scores,
    confusion_matrix,
    topk_accuracy,
    true_class_rank,
)
from trimodal.evaluation.functional.regression import (
    mean_over_outputs,
    regression_scores,
)
from trimodal.evaluation.functional.text import text_scores

__all__ = [
    'ClassScores',
    'class_scores',
    'confusion_matrix',
    'mean_over_outputs',
    'regression_scores',
    'text_scores',
    'topk_accuracy',
    'true_class_rank',
]
