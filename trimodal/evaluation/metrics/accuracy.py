"""Top-k accuracy."""

from collections.abc import Sequence

import numpy as np
from mmengine.logging import print_log

from trimodal.evaluation.functional import topk_accuracy
from trimodal.evaluation.metrics.base import (
    ClassificationMetric,
    LabelRecord,
    labels,
    split_labelled,
)
from trimodal.registry import METRICS


@METRICS.register_module()
class Accuracy(ClassificationMetric):
    """Share of samples whose true class is among the k best, in 0 to 1.

    Results: ``accuracy/top{k}`` for each k, NaN if no sample has a label.

    Args:
        topk (int | Sequence[int]): The values of k. One above the number of
            classes gives 1. Without scores only 1 is possible. Defaults to
            (1,).
        group_by (str | None): ``'present'`` also gives the figures for the
            samples that have exactly the same modalities, as
            ``accuracy/top1[speech+image]``. Defaults to None.
        collect_device (str): 'cpu' or 'gpu'. Defaults to 'cpu'.
        prefix (str | None): Prefix of the names. Defaults to None:
            'accuracy'.
        collect_dir (str | None): See mmengine's BaseMetric.

    Raises:
        ValueError: If a k is below 1, or ``group_by`` is another value.

    Examples:
        >>> from trimodal.evaluation import Accuracy
        >>> scores = [[0.1, 0.7, 0.2], [0.5, 0.2, 0.3]]
        >>> Accuracy.calculate(scores, [1, 2], topk=(1, 2))
        {'top1': 0.5, 'top2': 1.0}
    """

    default_prefix = 'accuracy'
    keeps_scores = True

    def __init__(
        self,
        topk: int | Sequence[int] = (1,),
        group_by: str | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        self.topk = (topk,) if isinstance(topk, int) else tuple(topk)
        if not self.topk or any(k < 1 for k in self.topk):
            raise ValueError(f'topk must hold values from 1 on, got {topk!r}')
        if group_by not in (None, 'present'):
            raise ValueError(
                f"group_by must be None or 'present', got {group_by!r}"
            )
        self.group_by = group_by

    def compute_metrics(self, results: list[LabelRecord]) -> dict[str, float]:
        """Compute the accuracy over all records.

        Args:
            results (list[LabelRecord]): What :meth:`process` stored.

        Returns:
            dict[str, float]: ``top{k}`` for each k, ``unlabelled`` if there
            are any, and the figures by group if asked for.

        Raises:
            ValueError: If scores are needed and missing.
        """
        records, counted = split_labelled(results)
        metrics = {**self._figures(records), **counted}
        if self.group_by == 'present':
            groups: dict[str, list[LabelRecord]] = {}
            for record in records:
                name = '+'.join(record.present) or 'none'
                groups.setdefault(name, []).append(record)
            for name in sorted(groups):
                for key, value in self._figures(groups[name]).items():
                    metrics[f'{key}[{name}]'] = value
        return metrics

    def _figures(self, records: list[LabelRecord]) -> dict[str, float]:
        pred, target = labels(records)
        if not records:
            return {f'top{k}': float('nan') for k in self.topk}
        scores = [r.scores for r in records if r.scores is not None]
        if len(scores) == len(records):
            self._warn_of_trivial_k(len(scores[0]))
            return self.calculate(np.stack(scores), target, self.topk)
        if self.topk == (1,):
            return {'top1': float((pred == target).mean())}
        raise ValueError(
            f"topk={self.topk} needs 'pred_score' in every prediction; "
            f'{len(records) - len(scores)} of {len(records)} have none'
        )

    def _warn_of_trivial_k(self, num_classes: int) -> None:
        if max(self.topk) >= num_classes > 1:
            print_log(
                f'topk={self.topk} with {num_classes} classes: a k of all '
                'classes is always right',
                logger='current',
                level=30,
            )

    @staticmethod
    def calculate(
        pred_score: np.ndarray,
        target: np.ndarray,
        topk: Sequence[int] = (1,),
    ) -> dict[str, float]:
        """Compute the accuracy on arrays.

        Args:
            pred_score (np.ndarray): float ``[N, C]``.
            target (np.ndarray): int ``[N]``.
            topk (Sequence[int]): The values of k. Defaults to (1,).

        Returns:
            dict[str, float]: ``top{k}`` for each k.
        """
        values = topk_accuracy(pred_score, target, topk)
        return {
            f'top{k}': float(value)
            for k, value in zip(topk, values, strict=True)
        }
