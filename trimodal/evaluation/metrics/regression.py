"""Regression: errors, R² and correlations."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from trimodal.evaluation.functional.regression import (
    REGRESSION_ITEMS,
    mean_over_outputs,
    regression_scores,
)
from trimodal.evaluation.metrics.annotated import (
    AnnotatedMetric,
    check_choices,
    sample_name,
    to_array,
)
from trimodal.registry import METRICS


@METRICS.register_module()
class RegressionMetric(AnnotatedMetric):
    """Compares ``pred_value`` with ``gt_value``, both ``[D]``.

    Results: ``regression/{item}``, the mean over the outputs that have a
    figure, and if asked for ``regression/{item}/{output}`` for each. A NaN
    in a target is an output that is not annotated.

    - ``mse``, ``rmse``, ``mae``: in the unit of the target (``mse``: its
      square). The ``rmse`` of several outputs is the mean of theirs.
    - ``r2``: 1 is best, 0 as good as the targets' mean.
    - ``pearson``, ``spearman``, ``ccc``: -1 to 1, 1 is best. CCC is Lin's
      concordance correlation: unlike the other two it falls if predictions
      are shifted or scaled.

    Args:
        items (Sequence[str]): Which of the above. Defaults to all of them.
        per_output (bool): Whether to also give the figures of each output.
            Defaults to False.
        names (Sequence[str] | None): The outputs' names in the result.
            Defaults to None: their numbers.
        collect_device (str): 'cpu' or 'gpu'. Defaults to 'cpu'.
        prefix (str | None): Prefix of the names. Defaults to None:
            'regression'.
        collect_dir (str | None): See mmengine's BaseMetric.

    Raises:
        ValueError: If an item is unknown.

    Examples:
        >>> from trimodal.evaluation import RegressionMetric
        >>> RegressionMetric.calculate(
        ...     pred=[[1.0], [3.0]], target=[[1.0], [2.0]],
        ...     items=('mse', 'mae'))
        {'mse': 0.5, 'mae': 0.5}
    """

    default_prefix = 'regression'
    prediction = 'pred_value'
    annotations = ('gt_value',)

    def __init__(
        self,
        items: Sequence[str] = REGRESSION_ITEMS,
        per_output: bool = False,
        names: Sequence[str] | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        self.items = check_choices('items', items, REGRESSION_ITEMS)
        self.per_output = per_output
        self.names = None if names is None else tuple(names)

    def pair(
        self, sample: dict[str, Any], annotation: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """Prediction and target, float32 ``[D]``."""
        pred = to_array(sample[self.prediction]).reshape(-1)
        target = to_array(sample[annotation]).reshape(-1)
        if pred.shape != target.shape:
            raise ValueError(
                f'sample {sample_name(sample)}: {self.prediction} has '
                f'{len(pred)} values and {annotation} {len(target)}'
            )
        return pred, target

    def figures(
        self, pairs: list[tuple[np.ndarray, np.ndarray]]
    ) -> dict[str, float]:
        """Compute the figures.

        Args:
            pairs (list[tuple[np.ndarray, np.ndarray]]): Predictions and
                targets.

        Returns:
            dict[str, float]: The figures.

        Raises:
            ValueError: If samples have different numbers of outputs, or
                ``names`` names another number of them.
        """
        widths = sorted({len(target) for _, target in pairs})
        if len(widths) > 1:
            raise ValueError(
                f'all samples must have as many values in gt_value, got '
                f'{widths}; the way out: NaN for what is not annotated'
            )
        if not pairs:
            return dict.fromkeys(self.items, float('nan'))
        pred, target = (np.stack(side) for side in zip(*pairs, strict=True))
        return self.calculate(
            pred, target, self.items, self.per_output, self.names
        )

    @staticmethod
    def calculate(
        pred: np.ndarray,
        target: np.ndarray,
        items: Sequence[str] = REGRESSION_ITEMS,
        per_output: bool = False,
        names: Sequence[str] | None = None,
    ) -> dict[str, float]:
        """Compute the figures on arrays.

        Args:
            pred (np.ndarray): float ``[N, D]``.
            target (np.ndarray): float ``[N, D]``; NaN is not annotated.
            items (Sequence[str]): Which figures. Defaults to all of them.
            per_output (bool): Whether to also give each output's. Defaults
                to False.
            names (Sequence[str] | None): The outputs' names. Defaults to
                None: their numbers.

        Returns:
            dict[str, float]: ``{item}``, and ``{item}/{output}``.

        Raises:
            ValueError: If the shapes or the number of names don't fit.
        """
        pred, target = np.asarray(pred), np.asarray(target)
        scores = regression_scores(pred, target, tuple(items))
        figures = {
            item: mean_over_outputs(values, pred, target)
            for item, values in scores.items()
        }
        if not per_output:
            return figures
        names = names or [str(i) for i in range(pred.shape[1])]
        if len(names) != pred.shape[1]:
            raise ValueError(
                f'names must name {pred.shape[1]} outputs, got {tuple(names)}'
            )
        for item, values in scores.items():
            for name, value in zip(names, values.tolist(), strict=True):
                figures[f'{item}/{name}'] = value
        return figures
