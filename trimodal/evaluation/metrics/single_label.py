"""Precision, recall, F1 and support."""

from collections.abc import Sequence

import numpy as np

from trimodal.evaluation.functional import class_scores, confusion_matrix
from trimodal.evaluation.functional.classification import AVERAGES
from trimodal.evaluation.metrics.base import (
    ClassificationMetric,
    LabelRecord,
    labels,
    split_labelled,
)
from trimodal.registry import METRICS

ITEMS = ('precision', 'recall', 'f1-score', 'support')


@METRICS.register_module()
class SingleLabelMetric(ClassificationMetric):
    """Precision, recall, F1 (in 0 to 1) and support.

    Results: ``single-label/{item}`` for the macro average,
    ``single-label/{item}_micro`` for the micro average, and
    ``single-label/{item}/{class name}`` without an average.

    Args:
        items (Sequence[str]): Which of 'precision', 'recall', 'f1-score' and
            'support'. Defaults to all of them.
        average (str | None): ``'macro'``: mean over the classes that occur,
            in truth or in predictions; ``'micro'``: over all samples
            together; None: each class. Defaults to 'macro'.
        collect_device (str): 'cpu' or 'gpu'. Defaults to 'cpu'.
        prefix (str | None): Prefix of the names. Defaults to None:
            'single-label'.
        collect_dir (str | None): See mmengine's BaseMetric.

    Raises:
        ValueError: If an item or ``average`` is unknown.

    Examples:
        >>> from trimodal.evaluation import SingleLabelMetric
        >>> SingleLabelMetric.calculate(
        ...     pred=[0, 1, 1, 1], target=[0, 1, 1, 0], num_classes=2,
        ...     items=('recall', 'support'))
        {'recall': 0.75, 'support': 4}
    """

    default_prefix = 'single-label'

    def __init__(
        self,
        items: Sequence[str] = ITEMS,
        average: str | None = 'macro',
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        unknown = [item for item in items if item not in ITEMS]
        if unknown or not items or isinstance(items, str):
            raise ValueError(f'items must be some of {ITEMS}, got {items!r}')
        if average not in AVERAGES:
            raise ValueError(
                f'average must be one of {AVERAGES}, got {average!r}'
            )
        self.items = tuple(items)
        self.average = average

    def compute_metrics(self, results: list[LabelRecord]) -> dict[str, float]:
        """Compute the figures over all records.

        Args:
            results (list[LabelRecord]): What :meth:`process` stored.

        Returns:
            dict[str, float]: A number per item, or per item and class;
            ``unlabelled`` if there are any.
        """
        records, counted = split_labelled(results)
        names = self.class_names(records)
        pred, target = labels(records)
        figures = self.calculate(
            pred, target, len(names), self.items, self.average
        )
        if self.average is not None:
            suffix = '_micro' if self.average == 'micro' else ''
            named = {f'{key}{suffix}': figures[key] for key in self.items}
        else:
            named = {
                f'{key}/{name}': value
                for key in self.items
                for name, value in zip(names, figures[key], strict=True)
            }
        return {**named, **counted}

    @staticmethod
    def calculate(
        pred: np.ndarray,
        target: np.ndarray,
        num_classes: int,
        items: Sequence[str] = ITEMS,
        average: str | None = 'macro',
    ) -> dict:
        """Compute the figures on arrays.

        Args:
            pred (np.ndarray): int ``[N]``, predicted classes.
            target (np.ndarray): int ``[N]``, true classes.
            num_classes (int): C.
            items (Sequence[str]): Which figures. Defaults to all of them.
            average (str | None): 'macro', 'micro' or None. Defaults to
                'macro'.

        Returns:
            dict: A number per item, or a list of ``C`` numbers where
            ``average`` is None.
        """
        scores = class_scores(
            confusion_matrix(pred, target, num_classes), average
        )
        values = (scores.precision, scores.recall, scores.f1, scores.support)
        named = dict(zip(ITEMS, values, strict=True))
        return {item: named[item].tolist() for item in items}
