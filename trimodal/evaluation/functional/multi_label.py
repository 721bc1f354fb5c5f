"""Figures where a sample may be of several classes, or of none.

Shape letters: N samples, C classes.
"""

from collections.abc import Sequence

import numpy as np

from trimodal.evaluation.functional.ranking import average_precision

MULTI_LABEL_ITEMS = ('map', 'f1_micro', 'f1_macro', 'exact_match', 'hamming')


def multi_label_scores(
    scores: np.ndarray,
    target: np.ndarray,
    threshold: float = 0.5,
    items: Sequence[str] = MULTI_LABEL_ITEMS,
) -> dict[str, float]:
    """Figures over all samples together.

    - ``map``: the mean of the classes' average precision, over those that
      some sample is of.
    - ``f1_micro``: the F1 of all decisions together; ``f1_macro``: the mean
      of the classes' F1, over those that occur in truth or predictions.
    - ``exact_match``: share of samples of which every class is right.
    - ``hamming``: share of decisions that are wrong; 0 is best.

    Args:
        scores (np.ndarray): float ``[N, C]``, in 0 to 1.
        target (np.ndarray): bool ``[N, C]``.
        threshold (float): From which score on a class is predicted.
            Defaults to 0.5.
        items (Sequence[str]): Which of the above. Defaults to all of them.

    Returns:
        dict[str, float]: A number for each item, in 0 to 1. NaN without
        samples, where a score is NaN, and where no class is left to average
        over.

    Raises:
        ValueError: If the shapes differ or are not ``[N, C]``.

    Examples:
        >>> from trimodal.evaluation.functional import multi_label_scores
        >>> multi_label_scores([[0.9, 0.6], [0.2, 0.7]],
        ...                    [[True, False], [False, True]],
        ...                    items=('exact_match', 'hamming'))
        {'exact_match': 0.5, 'hamming': 0.25}
    """
    scores, target = np.asarray(scores), np.asarray(target, dtype=bool)
    precision = average_precision(scores, target)  # checks the shapes
    if not scores.size or np.isnan(scores).any():
        return dict.fromkeys(items, float('nan'))
    pred = scores >= threshold
    hit, called = (pred & target).sum(0), pred.sum(0) + target.sum(0)
    with np.errstate(invalid='ignore', divide='ignore'):
        by_class = 2 * hit / called
        micro = 2 * hit.sum() / called.sum()
    figures = {
        'map': _mean(precision),
        'f1_micro': float(micro),
        'f1_macro': _mean(by_class),
        'exact_match': float((pred == target).all(axis=1).mean()),
        'hamming': float((pred != target).mean()),
    }
    return {item: figures[item] for item in items}


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float('nan')
