"""How well scores rank what is of a class above what is not.

Shape letters: N samples, C classes.
"""

import numpy as np
from scipy.stats import rankdata


def roc_auc(scores: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Area under the ROC curve, for each class against the rest.

    It is the chance that a sample of the class has a higher score than one
    that is not; equal scores count half.

    Args:
        scores (np.ndarray): float ``[N, C]``, higher is likelier.
        positive (np.ndarray): bool ``[N, C]``, what is of the class.

    Returns:
        np.ndarray: float64 ``[C]``; NaN for a class that no sample is of, or
        every one, and where a score is NaN.

    Raises:
        ValueError: If the shapes differ or are not ``[N, C]``.

    Examples:
        >>> from trimodal.evaluation.functional import roc_auc
        >>> roc_auc([[0.1], [0.4], [0.35], [0.8]],
        ...         [[False], [False], [True], [True]]).tolist()
        [0.75]
    """
    scores, positive = _checked(scores, positive)
    if not len(scores):
        return np.full(scores.shape[1], np.nan)
    positives = positive.sum(axis=0)
    negatives = len(positive) - positives
    ranks = rankdata(scores, axis=0)
    above = np.where(positive, ranks, 0).sum(axis=0)
    above = above - positives * (positives + 1) / 2
    with np.errstate(invalid='ignore', divide='ignore'):
        area = above / (positives * negatives)
    return np.where(np.isnan(scores).any(axis=0), np.nan, area)


def average_precision(scores: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Average precision of each class.

    The mean over the samples of the class of the precision at their score,
    without interpolation; equal scores are one step, as in scikit-learn.

    Args:
        scores (np.ndarray): float ``[N, C]``, higher is likelier.
        positive (np.ndarray): bool ``[N, C]``, what is of the class.

    Returns:
        np.ndarray: float64 ``[C]``; NaN for a class that no sample is of,
        and where a score is NaN.

    Raises:
        ValueError: If the shapes differ or are not ``[N, C]``.

    Examples:
        >>> from trimodal.evaluation.functional import average_precision
        >>> average_precision([[0.9], [0.8], [0.7]],
        ...                   [[True], [False], [True]]).round(4).tolist()
        [0.8333]
    """
    scores, positive = _checked(scores, positive)
    if not len(scores):
        return np.full(scores.shape[1], np.nan)
    broken = np.isnan(scores).any(axis=0)
    scores = np.where(broken, 0, scores)
    # Of a sample: how many score at least as high, and how many of them are
    # of the class. As both are the same for equal scores, a step counts with
    # each sample in it.
    order = np.argsort(-scores, axis=0, kind='stable')
    hits = np.take_along_axis(positive, order, axis=0)
    last = np.take_along_axis(
        rankdata(-scores, method='max', axis=0).astype(np.int64) - 1,
        order,
        axis=0,
    )
    found = np.take_along_axis(hits.cumsum(axis=0), last, axis=0)
    precision = np.where(hits, found / (last + 1), 0).sum(axis=0)
    with np.errstate(invalid='ignore', divide='ignore'):
        mean = precision / positive.sum(axis=0)
    return np.where(broken, np.nan, mean)


def _checked(
    scores: np.ndarray, positive: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    scores = np.asarray(scores, dtype=np.float64)
    positive = np.asarray(positive, dtype=bool)
    if scores.ndim != 2 or scores.shape != positive.shape:
        raise ValueError(
            'scores and positive must be [N, C], got '
            f'{scores.shape} and {positive.shape}'
        )
    return scores, positive
