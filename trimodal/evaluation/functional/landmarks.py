"""How far predicted landmarks are from the true ones.

Shape letters: N hands (or poses), V landmarks, D coordinates.
"""

import numpy as np


def joint_errors(pred: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Distance of each landmark from the true one.

    Args:
        pred (np.ndarray): float ``[..., V, D]``.
        target (np.ndarray): float ``[..., V, D]``; a landmark with a NaN is
            not annotated.

    Returns:
        np.ndarray: float64 ``[..., V]``, in the target's unit. NaN where not
        annotated, infinite where what was predicted is no number.

    Raises:
        ValueError: If the shapes differ or have fewer than two dimensions.
    """
    pred = np.asarray(pred, dtype=np.float64)
    target = np.asarray(target, dtype=np.float64)
    if target.ndim < 2 or pred.shape != target.shape:
        raise ValueError(
            f'pred and target must be [..., V, D], got {pred.shape} and '
            f'{target.shape}'
        )
    errors = np.linalg.norm(pred - target, axis=-1)
    errors = np.where(np.isnan(errors), np.inf, errors)
    return np.where(np.isnan(target).any(axis=-1), np.nan, errors)


def mpjpe(pred: np.ndarray, target: np.ndarray) -> float:
    """Mean per-joint position error: the mean over all known landmarks.

    Args:
        pred (np.ndarray): As in :func:`joint_errors`.
        target (np.ndarray): Likewise.

    Returns:
        float: In the target's unit; NaN if nothing is annotated or something
        annotated was predicted as no number.

    Examples:
        >>> from trimodal.evaluation.functional import mpjpe
        >>> mpjpe([[[3.0, 4.0], [9.0, 9.0]]],
        ...       [[[0.0, 0.0], [float('nan'), 0.0]]])
        5.0
    """
    errors = joint_errors(pred, target)
    known = errors[~np.isnan(errors)]
    if not known.size or np.isinf(known).any():
        return float('nan')
    return float(known.mean())


def hand_sizes(
    target: np.ndarray, reference: tuple[int, int] | None = None
) -> np.ndarray:
    """What a hand's errors are measured against.

    Args:
        target (np.ndarray): float ``[..., V, D]``, NaN where not annotated.
        reference (tuple[int, int] | None): Two landmarks whose distance is
            the size. Defaults to None: the longest side of the box around
            the annotated landmarks.

    Returns:
        np.ndarray: float64 ``[...]``; NaN where it is unknown or 0.
    """
    target = np.asarray(target, dtype=np.float64)
    if reference is not None:
        first, second = (target[..., i, :] for i in reference)
        sizes = np.linalg.norm(first - second, axis=-1)
    else:
        known = ~np.isnan(target).any(axis=-1, keepdims=True)
        lowest = np.where(known, target, np.inf).min(axis=-2, initial=np.inf)
        highest = np.where(known, target, -np.inf).max(
            axis=-2, initial=-np.inf
        )
        sizes = (highest - lowest).max(axis=-1)
    return np.where(sizes > 0, sizes, np.nan)


def pck(
    pred: np.ndarray,
    target: np.ndarray,
    threshold: float,
    reference: tuple[int, int] | None = None,
) -> float:
    """Percentage of correct keypoints, as a share.

    `Articulated Human Pose Estimation with Flexible Mixtures of Parts
    <https://doi.org/10.1109/TPAMI.2012.261>`_: a landmark is correct if it
    is at most ``threshold`` times the size of the hand away.

    Args:
        pred (np.ndarray): As in :func:`joint_errors`.
        target (np.ndarray): Likewise.
        threshold (float): Share of the size.
        reference (tuple[int, int] | None): As in :func:`hand_sizes`.
            Defaults to None.

    Returns:
        float: 0 to 1, over all known landmarks of hands whose size is known;
        NaN if there is none.

    Examples:
        >>> from trimodal.evaluation.functional import pck
        >>> pck([[[0.0, 0.0], [10.0, 3.0]]], [[[0.0, 0.0], [10.0, 0.0]]],
        ...     threshold=0.2)
        0.5
    """
    errors = joint_errors(pred, target)
    relative = errors / hand_sizes(target, reference)[..., None]
    known = relative[~np.isnan(relative)]
    return float((known <= threshold).mean()) if known.size else float('nan')
