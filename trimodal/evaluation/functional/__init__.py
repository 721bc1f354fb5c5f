"""Pure functions behind the metrics: arrays in, arrays out."""

from trimodal.evaluation.functional.classification import (
    ClassScores,
    class_scores,
    confusion_matrix,
    topk_accuracy,
    true_class_rank,
)

__all__ = [
    'ClassScores',
    'class_scores',
    'confusion_matrix',
    'topk_accuracy',
    'true_class_rank',
]
