"""Landmarks: MPJPE and PCK."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from trimodal.evaluation.functional.landmarks import mpjpe, pck
from trimodal.evaluation.metrics.annotated import (
    AnnotatedMetric,
    sample_name,
    to_array,
)
from trimodal.registry import METRICS


def read_landmarks(
    sample: dict[str, Any], field: str, num_joints: int, dims: int
) -> np.ndarray:
    """A field's values as landmarks.

    Args:
        sample (dict): The sample.
        field (str): Its field, of ``n * num_joints * dims`` numbers.
        num_joints (int): V.
        dims (int): D.

    Returns:
        np.ndarray: float32 ``[n, V, D]``.

    Raises:
        ValueError: If the numbers are not so many.
    """
    values = to_array(sample[field]).reshape(-1)
    if not len(values) or len(values) % (num_joints * dims):
        raise ValueError(
            f'sample {sample_name(sample)}: {field} has {len(values)} values, '
            f'not a multiple of num_joints * dims = {num_joints} * {dims}'
        )
    return values.reshape(-1, num_joints, dims)


def check_landmarks(
    num_joints: int, dims: int, reference: Sequence[int] | None = None
) -> tuple[int, int] | None:
    """Check what says how values are landmarks.

    Args:
        num_joints (int): V.
        dims (int): D.
        reference (Sequence[int] | None): Two landmarks. Defaults to None.

    Returns:
        tuple[int, int] | None: The two.

    Raises:
        ValueError: If a number is below 1, or ``reference`` is not two
            different landmarks.
    """
    for name, value in (('num_joints', num_joints), ('dims', dims)):
        if value < 1:
            raise ValueError(f'{name} must be 1 or more, got {value}')
    if reference is None:
        return None
    found = tuple(reference)
    known = all(0 <= joint < num_joints for joint in found)
    if len(found) != 2 or found[0] == found[1] or not known:
        raise ValueError(
            f'reference must be two different landmarks from 0 to '
            f'{num_joints - 1}, got {reference!r}'
        )
    return found


@METRICS.register_module()
class LandmarkMetric(AnnotatedMetric):
    """Compares ``pred_value`` with ``gt_value``, read as landmarks.

    The values of a sample are one hand ``[V, D]`` or several, or one in
    several frames, ``[..., V, D]``, flattened. A landmark with a NaN in the
    target is not annotated, and left out.

    Results: ``landmarks/mpjpe``, the mean distance from the true landmark in
    the target's unit, over all annotated landmarks of all samples together;
    ``landmarks/pck@{threshold}``, the share of landmarks that are at most
    ``threshold`` times the size of the hand away, 0 to 1. Hands whose size
    is 0 or unknown are not in the PCK.

    Args:
        num_joints (int): V. Defaults to 21, MediaPipe's hand.
        dims (int): D. Defaults to 2.
        thresholds (Sequence[float]): For the PCK. Defaults to (0.1, 0.2).
        reference (Sequence[int] | None): Two landmarks whose true distance
            is the size of the hand, such as wrist and knuckle of the middle
            finger, (0, 9). Defaults to None: the longest side of the box
            around the annotated landmarks.
        collect_device (str): 'cpu' or 'gpu'. Defaults to 'cpu'.
        prefix (str | None): Prefix of the names. Defaults to None:
            'landmarks'.
        collect_dir (str | None): See mmengine's BaseMetric.

    Raises:
        ValueError: If a number is not positive, or ``reference`` is not two
            different landmarks.

    Examples:
        >>> from trimodal.evaluation import LandmarkMetric
        >>> LandmarkMetric.calculate(
        ...     pred=[[[0.0, 0.0], [10.0, 1.5]]],
        ...     target=[[[0.0, 0.0], [10.0, 0.0]]])
        {'mpjpe': 0.75, 'pck@0.1': 0.5, 'pck@0.2': 1.0}
    """

    default_prefix = 'landmarks'
    prediction = 'pred_value'
    annotations = ('gt_value',)

    def __init__(
        self,
        num_joints: int = 21,
        dims: int = 2,
        thresholds: Sequence[float] = (0.1, 0.2),
        reference: Sequence[int] | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        self.reference = check_landmarks(num_joints, dims, reference)
        if any(threshold <= 0 for threshold in thresholds):
            raise ValueError(
                f'thresholds must be above 0, got {tuple(thresholds)}'
            )
        self.num_joints = num_joints
        self.dims = dims
        self.thresholds = tuple(thresholds)

    def pair(
        self, sample: dict[str, Any], annotation: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """Prediction and target, float32 ``[n, V, D]``."""
        pred, target = (
            read_landmarks(sample, field, self.num_joints, self.dims)
            for field in (self.prediction, annotation)
        )
        if pred.shape != target.shape:
            raise ValueError(
                f'sample {sample_name(sample)}: {len(pred)} hands or frames '
                f'in {self.prediction}, {len(target)} in {annotation}'
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
        """
        nothing = np.zeros((0, self.num_joints, self.dims))
        pred, target = (
            np.concatenate([nothing, *(pair[i] for pair in pairs)])
            for i in range(2)
        )
        return self.calculate(pred, target, self.thresholds, self.reference)

    @staticmethod
    def calculate(
        pred: np.ndarray,
        target: np.ndarray,
        thresholds: Sequence[float] = (0.1, 0.2),
        reference: tuple[int, int] | None = None,
    ) -> dict[str, float]:
        """Compute the figures on arrays.

        Args:
            pred (np.ndarray): float ``[..., V, D]``.
            target (np.ndarray): float ``[..., V, D]``; NaN is not annotated.
            thresholds (Sequence[float]): As in the class. Defaults to (0.1,
                0.2).
            reference (tuple[int, int] | None): As in the class. Defaults to
                None.

        Returns:
            dict[str, float]: ``mpjpe`` and ``pck@{threshold}``.
        """
        figures = {'mpjpe': mpjpe(pred, target)}
        for threshold in thresholds:
            value = pck(pred, target, threshold, reference)
            figures[f'pck@{threshold:g}'] = value
        return figures
