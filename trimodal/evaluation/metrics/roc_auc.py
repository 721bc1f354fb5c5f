"""Area under the ROC curve."""

from collections.abc import Sequence

import numpy as np

from trimodal.evaluation.functional.ranking import roc_auc
from trimodal.evaluation.metrics.scored import ScoredMetric
from trimodal.registry import METRICS


@METRICS.register_module()
class RocAuc(ScoredMetric):
    """Area under the ROC curve, each class against the rest.

    Results: ``roc-auc/macro``, the mean over the classes (0.5 is chance, 1
    is best), and if asked for ``roc-auc/{class name}``. A class that no
    labelled sample is of, or every one, has no area: it is left out, and how
    many were is in ``roc-auc/undefined`` if there are any. Two classes are
    one question, of which the second class is the "yes".

    Args:
        per_class (bool): Whether to also give each class's. Defaults to
            False.
        collect_device (str): 'cpu' or 'gpu'. Defaults to 'cpu'.
        prefix (str | None): Prefix of the names. Defaults to None:
            'roc-auc'.
        collect_dir (str | None): See mmengine's BaseMetric.

    Examples:
        >>> from trimodal.evaluation import RocAuc
        >>> scores = [[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]]
        >>> RocAuc.calculate(scores, [0, 0, 1, 1])
        {'macro': 0.75}
    """

    default_prefix = 'roc-auc'

    def __init__(
        self,
        per_class: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        self.per_class = per_class

    def figures(
        self, scores: np.ndarray, target: np.ndarray, names: list[str]
    ) -> dict[str, float]:
        """See :meth:`calculate`."""
        return self.calculate(
            scores, target, names if self.per_class else None
        )

    @staticmethod
    def calculate(
        pred_score: np.ndarray,
        target: np.ndarray,
        names: Sequence[str] | None = None,
    ) -> dict[str, float]:
        """Compute the areas on arrays.

        Args:
            pred_score (np.ndarray): float ``[N, C]``.
            target (np.ndarray): int ``[N]``.
            names (Sequence[str] | None): The classes' names, to also give
                each one's area. Defaults to None.

        Returns:
            dict[str, float]: ``macro``, each class's where named, and
            ``undefined`` if there are any.
        """
        scores, target = np.asarray(pred_score), np.asarray(target)
        classes = np.arange(scores.shape[1])
        positive = target[:, None] == classes
        if len(classes) == 2:
            scores, positive, names = scores[:, 1:], positive[:, 1:], None
        areas = roc_auc(scores, positive)
        defined = areas[~_undefined(positive)]
        figures = {
            'macro': float(defined.mean()) if defined.size else float('nan')
        }
        if names is not None:
            figures.update(zip(names, areas.tolist(), strict=True))
        undefined = len(areas) - len(defined)
        if undefined:
            figures['undefined'] = undefined
        return figures


def _undefined(positive: np.ndarray) -> np.ndarray:
    """Classes that all samples are of, or none; not those with a NaN."""
    return np.isin(positive.sum(axis=0), (0, len(positive)))
