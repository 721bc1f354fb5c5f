"""How smoothly predicted landmarks move."""

from typing import Any

import numpy as np

from trimodal.evaluation.functional.temporal import (
    acceleration_errors,
    accelerations,
    neighbours,
)
from trimodal.evaluation.metrics.annotated import sample_name
from trimodal.evaluation.metrics.landmarks import (
    check_landmarks,
    read_landmarks,
)
from trimodal.evaluation.metrics.temporal import (
    Moment,
    TemporalMetric,
    in_order,
)
from trimodal.registry import METRICS


@METRICS.register_module()
class AccelerationError(TemporalMetric):
    """Compares how landmarks move in ``pred_value`` and in ``gt_value``.

    `Learning 3D Human Dynamics from Video
    <https://arxiv.org/abs/1812.01601>`_ (HMMR), also in `VIBE
    <https://arxiv.org/abs/1912.05656>`_. A landmark's acceleration is
    ``x[t + 1] - 2 x[t] + x[t - 1]``, in the target's unit per frame and
    frame. Results:

    - ``motion/error``: the mean distance of the predicted acceleration
      from the true one, over the landmarks annotated (no NaN) in the three
      frames; 0 is best,
    - ``motion/jitter``: the mean length of the predicted acceleration,
      which needs no annotation: of a hand at rest it should be 0.

    NaN without three frames in a row, and where a predicted value that
    counts is no number.

    Args:
        num_joints (int): Landmarks of a frame. Defaults to 21, MediaPipe's
            hand.
        dims (int): Coordinates of a landmark. Defaults to 2.
        over (str): ``'sample'``: the values of a sample are the frames of a
            sequence, ``[T, V, D]`` flattened. ``'group'``: the frames of all
            samples of one ``group``, ordered by their ids (numbers as
            numbers), are a sequence. Defaults to 'sample'.
        collect_device (str): 'cpu' or 'gpu'. Defaults to 'cpu'.
        prefix (str | None): Prefix of the names. Defaults to None:
            'motion'.
        collect_dir (str | None): See mmengine's BaseMetric.

    Raises:
        ValueError: If a number is not positive, or ``over`` is another
            value.

    Examples:
        >>> from trimodal.evaluation import AccelerationError
        >>> AccelerationError.calculate(
        ...     pred=[[[0.0]], [[1.0]], [[0.0]]],
        ...     target=[[[0.0]], [[0.0]], [[1.0]]], sequence=[0, 0, 0])
        {'error': 3.0, 'jitter': 2.0}
    """

    default_prefix = 'motion'

    def __init__(
        self,
        num_joints: int = 21,
        dims: int = 2,
        over: str = 'sample',
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        check_landmarks(num_joints, dims)
        if over not in ('sample', 'group'):
            raise ValueError(f"over must be 'sample' or 'group', got {over!r}")
        self.num_joints = num_joints
        self.dims = dims
        self.over = over

    def read(self, sample: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        """Prediction and target, float32 ``[T, V, D]``.

        Args:
            sample (dict): A sample.

        Returns:
            tuple[np.ndarray, np.ndarray]: Both; the target is NaN where
            there is none.

        Raises:
            ValueError: If there is no prediction, or it is of another form
                than the target.
        """
        if 'pred_value' not in sample:
            raise ValueError(
                f'AccelerationError: sample {sample_name(sample)} has no '
                "'pred_value'; the model needs a regression head"
            )
        form = (self.num_joints, self.dims)
        pred = read_landmarks(sample, 'pred_value', *form)
        if 'gt_value' not in sample:
            return pred, np.full_like(pred, np.nan)
        target = read_landmarks(sample, 'gt_value', *form)
        if pred.shape != target.shape:
            raise ValueError(
                f'sample {sample_name(sample)}: {len(pred)} frames in '
                f'pred_value, {len(target)} in gt_value'
            )
        return pred, target

    def compute_metrics(self, results: list[Moment]) -> dict[str, float]:
        """Compute the figures over all records.

        Args:
            results (list[Moment]): What :meth:`process` stored.

        Returns:
            dict[str, float]: The figures, and ``ungrouped`` if groups are
            asked for and there are samples of none.
        """
        if self.over == 'sample':
            # Each is a sequence of its own.
            results = [
                Moment(f'{i}', '', moment.pred, moment.target)
                for i, moment in enumerate(results)
            ]
        grouped = [moment for moment in results if moment.group is not None]
        missing = len(results) - len(grouped)
        counted = {'ungrouped': missing} if missing else {}
        if not grouped:
            return {**dict.fromkeys(('error', 'jitter'), np.nan), **counted}
        return {**self.calculate(*in_order(grouped)), **counted}

    @staticmethod
    def calculate(
        pred: np.ndarray, target: np.ndarray, sequence: np.ndarray
    ) -> dict[str, float]:
        """Compute the figures on arrays.

        Args:
            pred (np.ndarray): float ``[T, V, D]``, each sequence in the
                order of time.
            target (np.ndarray): float ``[T, V, D]``, NaN where not
                annotated.
            sequence (np.ndarray): int ``[T]``, the sequence of each frame;
                those of one stand together.

        Returns:
            dict[str, float]: ``error`` and ``jitter``.
        """
        within = neighbours(sequence, 3)
        errors = acceleration_errors(pred, target)[within]
        lengths = np.linalg.norm(accelerations(pred)[within], axis=-1)
        return {
            'error': _mean(errors[~np.isnan(errors)]),
            'jitter': _mean(lengths),
        }


def _mean(values: np.ndarray) -> float:
    finite = values.size and np.isfinite(values).all()
    return float(values.mean()) if finite else float('nan')
