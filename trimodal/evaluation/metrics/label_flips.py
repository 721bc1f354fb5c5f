"""How often the predicted class changes from one window to the next."""

from typing import Any

import numpy as np

from trimodal.evaluation.functional.temporal import neighbours
from trimodal.evaluation.metrics.annotated import sample_name, to_array
from trimodal.evaluation.metrics.temporal import (
    Moment,
    TemporalMetric,
    in_order,
)
from trimodal.registry import METRICS

UNKNOWN = -1


@METRICS.register_module()
class LabelFlipRate(TemporalMetric):
    """How steady ``pred_label`` is over the consecutive samples of a group.

    The samples of one ``group``, ordered by their ids (numbers as numbers),
    are the windows of one recording. Over all pairs of neighbours:

    - ``label-flips/rate``: the share whose predictions differ,
    - ``label-flips/true_rate``: of those annotated, the share whose
      ``gt_label`` differ: what ``rate`` should be,
    - ``label-flips/needless``: of those annotated with one class, the share
      whose predictions differ; 0 is best.

    NaN where there is no such pair. Samples of no group are left out; how
    many were is in ``label-flips/ungrouped`` if there are any.

    Args:
        collect_device (str): 'cpu' or 'gpu'. Defaults to 'cpu'.
        prefix (str | None): Prefix of the names. Defaults to None:
            'label-flips'.
        collect_dir (str | None): See mmengine's BaseMetric.

    Examples:
        >>> from trimodal.evaluation import LabelFlipRate
        >>> LabelFlipRate.calculate(
        ...     pred=[0, 1, 1, 2], target=[0, 0, 1, 1],
        ...     sequence=[0, 0, 0, 1])
        {'rate': 0.5, 'true_rate': 0.5, 'needless': 1.0}
    """

    default_prefix = 'label-flips'

    def __init__(
        self,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)

    def read(self, sample: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        """Predicted and true class, int64 ``[1]``; -1 where not annotated.

        Args:
            sample (dict): A sample.

        Returns:
            tuple[np.ndarray, np.ndarray]: Both.

        Raises:
            ValueError: If there is not exactly one predicted class.
        """
        pred = to_array(sample.get('pred_label', ()))
        target = to_array(sample.get('gt_label', ()))
        if pred.shape != (1,):
            raise ValueError(
                f'LabelFlipRate: sample {sample_name(sample)} has '
                f"{pred.size} classes in 'pred_label', not one; the model "
                'needs a classification head'
            )
        known = target.shape == (1,)
        return pred, target if known else np.array([UNKNOWN])

    def compute_metrics(self, results: list[Moment]) -> dict[str, float]:
        """Compute the rates over all records.

        Args:
            results (list[Moment]): What :meth:`process` stored.

        Returns:
            dict[str, float]: The rates, and ``ungrouped`` if there are any.
        """
        grouped = [moment for moment in results if moment.group is not None]
        missing = len(results) - len(grouped)
        counted = {'ungrouped': missing} if missing else {}
        empty = (np.zeros(0, int),) * 3
        return {
            **self.calculate(*(in_order(grouped) if grouped else empty)),
            **counted,
        }

    @staticmethod
    def calculate(
        pred: np.ndarray, target: np.ndarray, sequence: np.ndarray
    ) -> dict[str, float]:
        """Compute the rates on arrays.

        Args:
            pred (np.ndarray): int ``[T]``, predicted classes, each sequence
                in the order of time.
            target (np.ndarray): int ``[T]``, true classes, -1 where not
                annotated.
            sequence (np.ndarray): int ``[T]``, the sequence of each; those
                of one stand together.

        Returns:
            dict[str, float]: ``rate``, ``true_rate`` and ``needless``.
        """
        pred, target = np.asarray(pred), np.asarray(target)
        pairs = neighbours(sequence)
        known = (target[1:] != UNKNOWN) & (target[:-1] != UNKNOWN) & pairs
        flips, true_flips = pred[1:] != pred[:-1], target[1:] != target[:-1]
        return {
            'rate': _share(flips[pairs]),
            'true_rate': _share(true_flips[known]),
            'needless': _share(flips[known & ~true_flips]),
        }


def _share(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float('nan')
