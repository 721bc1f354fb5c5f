"""What the metrics share that read a score for each class."""

from abc import abstractmethod

import numpy as np

from trimodal.evaluation.metrics.base import (
    ClassificationMetric,
    LabelRecord,
    labels,
    split_labelled,
)


class ScoredMetric(ClassificationMetric):
    """Base of the metrics that compare ``pred_score`` with ``gt_label``.

    Args:
        collect_device (str): 'cpu' or 'gpu', see mmengine's BaseMetric.
        prefix (str | None): Prefix of the names in the result.
        collect_dir (str | None): See mmengine's BaseMetric.
    """

    keeps_scores = True

    def compute_metrics(self, results: list[LabelRecord]) -> dict[str, float]:
        """Compute the figures over all records.

        Args:
            results (list[LabelRecord]): What :meth:`process` stored.

        Returns:
            dict[str, float]: The figures, and ``unlabelled`` if there are
            any.

        Raises:
            ValueError: If scores are missing.
        """
        records, counted = split_labelled(results)
        scores = [r.scores for r in records if r.scores is not None]
        if len(scores) < len(records):
            raise ValueError(
                f"{type(self).__name__} needs 'pred_score' in every "
                f'prediction; {len(records) - len(scores)} of {len(records)} '
                'have none'
            )
        _, target = labels(records)
        names = self.class_names(records)
        stacked = np.stack(scores) if scores else np.zeros((0, len(names)))
        return {**self.figures(stacked, target, names), **counted}

    @abstractmethod
    def figures(
        self, scores: np.ndarray, target: np.ndarray, names: list[str]
    ) -> dict[str, float]:
        """Compute the figures.

        Args:
            scores (np.ndarray): float ``[N, C]``.
            target (np.ndarray): int64 ``[N]``.
            names (list[str]): The classes' names.

        Returns:
            dict[str, float]: A number for each name.
        """
