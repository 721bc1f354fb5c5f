"""Multi-label classification: mAP, F1, exact match, Hamming loss."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from trimodal.evaluation.functional.multi_label import (
    MULTI_LABEL_ITEMS,
    multi_label_scores,
)
from trimodal.evaluation.metrics.annotated import (
    AnnotatedMetric,
    check_choices,
    sample_name,
    to_array,
)
from trimodal.registry import METRICS


@METRICS.register_module()
class MultiLabelMetric(AnnotatedMetric):
    """Compares ``pred_score`` with the classes that a sample is of.

    These are ``gt_score`` (``[C]``, from 0.5 on a class counts) or, where
    there is none, ``gt_label`` (any number of indices).

    Results: ``multi-label/map``, ``multi-label/f1_micro``, ``.../f1_macro``,
    ``.../exact_match`` and ``.../hamming``, all in 0 to 1; see
    :func:`~trimodal.evaluation.functional.multi_label_scores`.

    Args:
        items (Sequence[str]): Which of these. Defaults to all of them.
        threshold (float): From which score on a class is predicted.
            Defaults to 0.5.
        collect_device (str): 'cpu' or 'gpu'. Defaults to 'cpu'.
        prefix (str | None): Prefix of the names. Defaults to None:
            'multi-label'.
        collect_dir (str | None): See mmengine's BaseMetric.

    Raises:
        ValueError: If an item is unknown or ``threshold`` lies outside 0 to
            1.

    Examples:
        >>> from trimodal.evaluation import MultiLabelMetric
        >>> MultiLabelMetric.calculate(
        ...     pred_score=[[0.9, 0.6], [0.2, 0.7]],
        ...     target=[[True, False], [False, True]],
        ...     items=('map', 'hamming'))
        {'map': 1.0, 'hamming': 0.25}
    """

    default_prefix = 'multi-label'
    prediction = 'pred_score'
    annotations = ('gt_score', 'gt_label')

    def __init__(
        self,
        items: Sequence[str] = MULTI_LABEL_ITEMS,
        threshold: float = 0.5,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        self.items = check_choices('items', items, MULTI_LABEL_ITEMS)
        if not 0 <= threshold <= 1:
            raise ValueError(f'threshold must be in 0 to 1, got {threshold}')
        self.threshold = threshold

    def pair(
        self, sample: dict[str, Any], annotation: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scores, float32 ``[C]``, and classes, bool ``[C]``."""
        scores = to_array(sample[self.prediction])
        truth = to_array(sample[annotation])
        classes = len(scores)
        if annotation == 'gt_label':
            if truth.size and not 0 <= truth.min() <= truth.max() < classes:
                raise ValueError(
                    f'sample {sample_name(sample)}: gt_label must hold '
                    f'classes from 0 to {classes - 1}, got {truth.tolist()}'
                )
            target = np.zeros(classes, dtype=bool)
            target[truth.astype(np.int64)] = True
            return scores, target
        if len(truth) != classes:
            raise ValueError(
                f'sample {sample_name(sample)}: pred_score is of {classes} '
                f'classes, gt_score of {len(truth)}'
            )
        return scores, truth >= 0.5

    def figures(
        self, pairs: list[tuple[np.ndarray, np.ndarray]]
    ) -> dict[str, float]:
        """Compute the figures.

        Args:
            pairs (list[tuple[np.ndarray, np.ndarray]]): Scores and classes.

        Returns:
            dict[str, float]: A number for each item.
        """
        if not pairs:
            return dict.fromkeys(self.items, float('nan'))
        scores, target = (np.stack(side) for side in zip(*pairs, strict=True))
        return self.calculate(scores, target, self.threshold, self.items)

    @staticmethod
    def calculate(
        pred_score: np.ndarray,
        target: np.ndarray,
        threshold: float = 0.5,
        items: Sequence[str] = MULTI_LABEL_ITEMS,
    ) -> dict[str, float]:
        """Compute the figures on arrays.

        Args:
            pred_score (np.ndarray): float ``[N, C]``.
            target (np.ndarray): bool ``[N, C]``.
            threshold (float): As in the class. Defaults to 0.5.
            items (Sequence[str]): Which figures. Defaults to all of them.

        Returns:
            dict[str, float]: A number for each item.
        """
        return multi_label_scores(pred_score, target, threshold, items)
