"""Whether predictions hang together over time.

Shape letters: T frames, V landmarks, D coordinates.
"""

import numpy as np


def accelerations(landmarks: np.ndarray) -> np.ndarray:
    """Second differences over three frames in a row.

    Args:
        landmarks (np.ndarray): float ``[T, V, D]``.

    Returns:
        np.ndarray: float64 ``[max(T - 2, 0), V, D]``, in the landmarks' unit
        per frame and frame; NaN where one of the three is.

    Raises:
        ValueError: If the shape is another.
    """
    landmarks = np.asarray(landmarks, dtype=np.float64)
    if landmarks.ndim != 3:
        raise ValueError(f'landmarks must be [T, V, D], got {landmarks.shape}')
    return landmarks[2:] - 2 * landmarks[1:-1] + landmarks[:-2]


def acceleration_errors(pred: np.ndarray, target: np.ndarray) -> np.ndarray:
    """How far each acceleration is from the true one.

    `Learning 3D Human Dynamics from Video
    <https://arxiv.org/abs/1812.01601>`_ (HMMR), also in `VIBE
    <https://arxiv.org/abs/1912.05656>`_.

    Args:
        pred (np.ndarray): float ``[T, V, D]``.
        target (np.ndarray): float ``[T, V, D]``; a landmark with a NaN is not
            annotated.

    Returns:
        np.ndarray: float64 ``[max(T - 2, 0), V]``; NaN unless the landmark is
        annotated in all three frames, infinite where it is and what was
        predicted is no number.

    Raises:
        ValueError: If the shapes differ or are not ``[T, V, D]``.

    Examples:
        >>> from trimodal.evaluation.functional import acceleration_errors
        >>> acceleration_errors([[[0.0]], [[1.0]], [[0.0]]],
        ...                     [[[0.0]], [[0.0]], [[0.0]]]).tolist()
        [[2.0]]
    """
    if np.shape(pred) != np.shape(target):
        raise ValueError(
            f'pred and target must be [T, V, D], got {np.shape(pred)} and '
            f'{np.shape(target)}'
        )
    true = accelerations(target)
    with np.errstate(invalid='ignore'):  # infinities that were predicted
        errors = np.linalg.norm(accelerations(pred) - true, axis=-1)
    errors = np.where(np.isnan(errors), np.inf, errors)
    return np.where(np.isnan(true).any(axis=-1), np.nan, errors)


def neighbours(sequence: np.ndarray, count: int = 2) -> np.ndarray:
    """Say where some frames in a row are of one sequence.

    Args:
        sequence (np.ndarray): int ``[T]``, the sequence of each frame; those
            of one stand together.
        count (int): Frames in a row. Defaults to 2.

    Returns:
        np.ndarray: bool ``[max(T - count + 1, 0)]``.

    Examples:
        >>> from trimodal.evaluation.functional import neighbours
        >>> neighbours([0, 0, 0, 1, 1]).tolist()
        [True, True, False, True]
    """
    sequence = np.asarray(sequence)
    return sequence[count - 1 :] == sequence[: len(sequence) - count + 1]
