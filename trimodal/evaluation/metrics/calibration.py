"""Expected calibration error."""

import numpy as np

from trimodal.evaluation.functional.calibration import (
    expected_calibration_error,
)
from trimodal.evaluation.metrics.scored import ScoredMetric
from trimodal.registry import METRICS


@METRICS.register_module()
class CalibrationError(ScoredMetric):
    """Whether a classifier is as often right as its scores say.

    Result: ``calibration/ece``, the expected calibration error (0 to 1, 0 is
    best) of `On Calibration of Modern Neural Networks
    <https://arxiv.org/abs/1706.04599>`_, see :func:`~trimodal.evaluation.
    functional.expected_calibration_error`.

    Args:
        num_bins (int): Bins of equal width. Defaults to 15.
        collect_device (str): 'cpu' or 'gpu'. Defaults to 'cpu'.
        prefix (str | None): Prefix of the names. Defaults to None:
            'calibration'.
        collect_dir (str | None): See mmengine's BaseMetric.

    Raises:
        ValueError: If ``num_bins`` is below 1.

    Examples:
        >>> from trimodal.evaluation import CalibrationError
        >>> CalibrationError.calculate([[1.0, 0.0], [1.0, 0.0]], [0, 1])
        {'ece': 0.5}
    """

    default_prefix = 'calibration'

    def __init__(
        self,
        num_bins: int = 15,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        if num_bins < 1:
            raise ValueError(f'num_bins must be 1 or more, got {num_bins}')
        self.num_bins = num_bins

    def figures(
        self, scores: np.ndarray, target: np.ndarray, names: list[str]
    ) -> dict[str, float]:
        """See :meth:`calculate`."""
        return self.calculate(scores, target, self.num_bins)

    @staticmethod
    def calculate(
        pred_score: np.ndarray, target: np.ndarray, num_bins: int = 15
    ) -> dict[str, float]:
        """Compute the error on arrays.

        Args:
            pred_score (np.ndarray): float ``[N, C]``, probabilities.
            target (np.ndarray): int ``[N]``.
            num_bins (int): Bins of equal width. Defaults to 15.

        Returns:
            dict[str, float]: ``ece``.
        """
        return {
            'ece': expected_calibration_error(pred_score, target, num_bins)
        }
