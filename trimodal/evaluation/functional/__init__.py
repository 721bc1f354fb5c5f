"""Pure functions behind the metrics: arrays in, arrays out."""

from trimodal.evaluation.functional.calibration import (
    expected_calibration_error,
)
from trimodal.evaluation.functional.classification import (
    ClassScores,
    class_scores,
    confusion_matrix,
    topk_accuracy,
    true_class_rank,
)
from trimodal.evaluation.functional.coco_backends import choose_backend
from trimodal.evaluation.functional.coco_json import Boxes
from trimodal.evaluation.functional.detection import (
    CocoScores,
    box_scores,
    coco_scores,
)
from trimodal.evaluation.functional.landmarks import (
    hand_sizes,
    joint_errors,
    mpjpe,
    pck,
)
from trimodal.evaluation.functional.multi_label import multi_label_scores
from trimodal.evaluation.functional.ranking import average_precision, roc_auc
from trimodal.evaluation.functional.regression import (
    mean_over_outputs,
    regression_scores,
)
from trimodal.evaluation.functional.temporal import (
    acceleration_errors,
    accelerations,
    neighbours,
)
from trimodal.evaluation.functional.text import text_scores

__all__ = [
    'Boxes',
    'ClassScores',
    'CocoScores',
    'acceleration_errors',
    'accelerations',
    'average_precision',
    'box_scores',
    'choose_backend',
    'class_scores',
    'coco_scores',
    'confusion_matrix',
    'expected_calibration_error',
    'hand_sizes',
    'joint_errors',
    'mean_over_outputs',
    'mpjpe',
    'multi_label_scores',
    'neighbours',
    'pck',
    'regression_scores',
    'roc_auc',
    'text_scores',
    'topk_accuracy',
    'true_class_rank',
]
