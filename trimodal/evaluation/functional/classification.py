"""Classification figures on plain arrays.

Shape letters: N samples, C classes, K values of k.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

AVERAGES = ('macro', 'micro', None)


@dataclass(frozen=True)
class ClassScores:
    """Precision, recall, F1 and support.

    Args:
        precision (np.ndarray): float64, ``[C]`` per class or ``[]`` where
            averaged; of what was called a class, the share that is it.
        recall (np.ndarray): float64, likewise; of what is a class, the
            share that was called so.
        f1 (np.ndarray): float64, likewise; their harmonic mean.
        support (np.ndarray): int64, likewise; samples of the class, in
            total where averaged.
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray


def true_class_rank(scores: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Say at which place the true class comes when classes are sorted.

    Of classes with the same score the lower index comes first, as in
    ``argmax``. In a row with a NaN the true class comes after every place
    there is, so that a model that diverged is never right by chance.

    Args:
        scores (np.ndarray): float ``[N, C]``, higher is better.
        target (np.ndarray): int ``[N]``, true classes.

    Returns:
        np.ndarray: int64 ``[N]``; 0 is the first place.

    Raises:
        ValueError: If the shapes do not fit or a target is no column of
            ``scores``.
    """
    scores, target = np.asarray(scores), np.asarray(target)
    if scores.ndim != 2 or target.shape != scores.shape[:1]:
        raise ValueError(
            'scores must be [N, C] and target [N], got '
            f'{scores.shape} and {target.shape}'
        )
    classes = scores.shape[1]
    _check_classes('target', target, classes)
    true = np.take_along_axis(scores, target[:, None], axis=1)
    index = np.arange(classes)
    ahead = (scores > true) | ((scores == true) & (index < target[:, None]))
    rank = ahead.sum(axis=1)
    never = np.iinfo(rank.dtype).max
    return np.where(np.isnan(scores).any(axis=1), never, rank)


def topk_accuracy(
    scores: np.ndarray, target: np.ndarray, topk: Sequence[int] = (1,)
) -> np.ndarray:
    """Share of samples whose true class is among the k best.

    Args:
        scores (np.ndarray): float ``[N, C]``, higher is better.
        target (np.ndarray): int ``[N]``, true classes.
        topk (Sequence[int]): The values of k, each at least 1. One above
            ``C`` gives 1. Defaults to (1,).

    Returns:
        np.ndarray: float64 ``[K]`` in 0 to 1; NaN without samples.

    Raises:
        ValueError: If a k is below 1, the shapes do not fit, or a target is
            no column of ``scores``.

    Examples:
        >>> from trimodal.evaluation.functional import topk_accuracy
        >>> scores = [[0.1, 0.7, 0.2], [0.5, 0.2, 0.3]]
        >>> topk_accuracy(scores, [1, 2], topk=(1, 2)).tolist()
        [0.5, 1.0]
    """
    if any(k < 1 for k in topk):
        raise ValueError(f'topk must be 1 or more, got {tuple(topk)}')
    rank = true_class_rank(scores, target)
    if not rank.size:
        return np.full(len(topk), np.nan)
    return np.array([(rank < k).mean() for k in topk])


def confusion_matrix(
    pred: np.ndarray, target: np.ndarray, num_classes: int
) -> np.ndarray:
    """Count how often each true class was called each class.

    Args:
        pred (np.ndarray): int ``[N]``, predicted classes.
        target (np.ndarray): int ``[N]``, true classes.
        num_classes (int): C.

    Returns:
        np.ndarray: int64 ``[C, C]``; row: true class, column: predicted.

    Raises:
        ValueError: If the lengths differ or a class is outside 0 to C - 1.

    Examples:
        >>> from trimodal.evaluation.functional import confusion_matrix
        >>> confusion_matrix([0, 1, 1], [0, 1, 0], num_classes=2)
        array([[1, 1],
               [0, 1]])
    """
    pred = np.asarray(pred, dtype=np.int64)
    target = np.asarray(target, dtype=np.int64)
    if pred.ndim != 1 or pred.shape != target.shape:
        raise ValueError(
            f'pred and target must be [N], got {pred.shape} and {target.shape}'
        )
    _check_classes('pred', pred, num_classes)
    _check_classes('target', target, num_classes)
    cells = np.bincount(
        target * num_classes + pred, minlength=num_classes * num_classes
    )
    return cells.reshape(num_classes, num_classes)


def class_scores(
    matrix: np.ndarray, average: str | None = 'macro'
) -> ClassScores:
    """Precision, recall, F1 and support from a confusion matrix.

    A quotient without anything below the line is 0.

    Args:
        matrix (np.ndarray): int ``[C, C]``; row: true class, column:
            predicted.
        average (str | None): ``'macro'``: the mean over the classes that
            occur, in truth or in predictions (scikit-learn's default);
            ``'micro'``: over all samples together; None: per class.
            Defaults to 'macro'.

    Returns:
        ClassScores: Arrays of shape ``[C]`` for None, else ``[]``; averaged
        figures are NaN if the matrix is empty.

    Raises:
        ValueError: If ``average`` is another value.
    """
    if average not in AVERAGES:
        raise ValueError(f'average must be one of {AVERAGES}, got {average!r}')
    matrix = np.asarray(matrix)
    hit, called, support = matrix.diagonal(), matrix.sum(0), matrix.sum(1)
    if average is not None and not matrix.any():
        nan = np.array(np.nan)
        return ClassScores(nan, nan, nan, np.array(0))
    if average == 'micro':
        hit, called, support = hit.sum(), called.sum(), support.sum()
    scores = ClassScores(
        precision=_quotient(hit, called),
        recall=_quotient(hit, support),
        f1=_quotient(2 * hit, called + support),
        support=support,
    )
    if average != 'macro':
        return scores
    occurs = (called + support) > 0
    return ClassScores(
        scores.precision[occurs].mean(),
        scores.recall[occurs].mean(),
        scores.f1[occurs].mean(),
        support.sum(),
    )


def _quotient(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    above = np.asarray(above, dtype=np.float64)
    return np.divide(
        above, below, out=np.zeros_like(above), where=np.asarray(below) > 0
    )


def _check_classes(name: str, values: np.ndarray, num_classes: int) -> None:
    outside = values[(values < 0) | (values >= num_classes)]
    if outside.size:
        raise ValueError(
            f'{name} must hold classes from 0 to {num_classes - 1}, got '
            f'{outside[0]}'
        )
