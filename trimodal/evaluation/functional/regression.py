"""Regression figures on plain arrays.

Shape letters: N samples, D outputs.
"""

from collections.abc import Callable

import numpy as np
from scipy.stats import rankdata

Array = np.ndarray


def regression_scores(
    pred: Array, target: Array, items: tuple[str, ...] | None = None
) -> dict[str, Array]:
    """Errors and correlations of each output.

    A NaN in ``target`` is an output that is not annotated: it is left out.
    A NaN or an infinity that was predicted where there is a target makes
    that output's figures NaN.

    Args:
        pred (np.ndarray): float ``[N, D]``.
        target (np.ndarray): float ``[N, D]``.
        items (tuple[str, ...] | None): Which of :data:`REGRESSION_ITEMS`.
            Defaults to None: all of them.

    Returns:
        dict[str, np.ndarray]: float64 ``[D]`` for each item. NaN for an
        output without a target; ``r2``, ``pearson`` and ``spearman`` also
        where the targets are all the same, the latter two where the
        predictions are, and ``ccc`` where both are one and the same number.

    Raises:
        ValueError: If the shapes differ or are not ``[N, D]``.

    Examples:
        >>> from trimodal.evaluation.functional import regression_scores
        >>> scores = regression_scores([[1.0], [3.0]], [[1.0], [2.0]])
        >>> scores['mse'].tolist(), scores['mae'].tolist()
        ([0.5], [0.5])
    """
    pred = np.asarray(pred, dtype=np.float64)
    target = np.asarray(target, dtype=np.float64)
    if pred.ndim != 2 or pred.shape != target.shape:
        raise ValueError(
            f'pred and target must be [N, D], got {pred.shape} and '
            f'{target.shape}'
        )
    known = ~np.isnan(target)
    broken = (known & ~np.isfinite(pred)).any(axis=0)
    pred = np.where(known, pred, np.nan)
    with np.errstate(invalid='ignore', divide='ignore', over='ignore'):
        scores = {
            item: _ITEMS[item](pred, target)
            for item in items or REGRESSION_ITEMS
        }
    return {k: np.where(broken, np.nan, v) for k, v in scores.items()}


def mean_over_outputs(values: Array, pred: Array, target: Array) -> float:
    """The mean over the outputs that have a figure.

    An output without one, for want of targets or because they are all the
    same, is left out. One that is NaN since the model predicted a NaN or an
    infinity is not: a model that diverged must not look good.

    Args:
        values (np.ndarray): float ``[D]``, of :func:`regression_scores`.
        pred (np.ndarray): float ``[N, D]``, as it was given there.
        target (np.ndarray): float ``[N, D]``, likewise.

    Returns:
        float: NaN if there is none.
    """
    if (~np.isnan(target) & ~np.isfinite(pred)).any():
        return float('nan')
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float('nan')


def _mean(values: Array) -> Array:
    """Over the samples that are no NaN; NaN where there is none."""
    known = ~np.isnan(values)
    return np.where(known, values, 0).sum(axis=0) / known.sum(axis=0)


def _mse(pred: Array, target: Array) -> Array:
    return _mean((pred - target) ** 2)


def _rmse(pred: Array, target: Array) -> Array:
    return np.sqrt(_mse(pred, target))


def _mae(pred: Array, target: Array) -> Array:
    return _mean(np.abs(pred - target))


def _r2(pred: Array, target: Array) -> Array:
    values = 1 - _mse(pred, target) / _mean(_centred(target) ** 2)
    return np.where(_constant(target), np.nan, values)


def _pearson(pred: Array, target: Array) -> Array:
    p, t = _centred(pred), _centred(target)
    values = _mean(p * t) / np.sqrt(_mean(p**2) * _mean(t**2))
    # Of numbers that are all the same rounding leaves a variance.
    fixed = _constant(pred) | _constant(target)
    return np.where(fixed, np.nan, np.clip(values, -1, 1))


def _spearman(pred: Array, target: Array) -> Array:
    if not len(pred):
        return np.full(pred.shape[1], np.nan)
    ranks = [
        rankdata(values, axis=0, nan_policy='omit')
        for values in (pred, target)
    ]
    return _pearson(*ranks)


def _ccc(pred: Array, target: Array) -> Array:
    """Lin's concordance, Biometrics 45 (1989), with variances over N."""
    p, t = _centred(pred), _centred(target)
    apart = (_mean(pred) - _mean(target)) ** 2
    values = 2 * _mean(p * t) / (_mean(p**2) + _mean(t**2) + apart)
    fixed = _constant(pred) & _constant(target) & (apart == 0)
    return np.where(fixed, np.nan, values)


def _centred(values: Array) -> Array:
    return values - _mean(values)


def _constant(values: Array) -> Array:
    """Whether an output's known numbers are all the same."""
    known = ~np.isnan(values)
    lowest = np.where(known, values, np.inf).min(axis=0, initial=np.inf)
    highest = np.where(known, values, -np.inf).max(axis=0, initial=-np.inf)
    return lowest >= highest


_ITEMS: dict[str, Callable[[Array, Array], Array]] = {
    'mse': _mse,
    'rmse': _rmse,
    'mae': _mae,
    'r2': _r2,
    'pearson': _pearson,
    'spearman': _spearman,
    'ccc': _ccc,
}
REGRESSION_ITEMS = tuple(_ITEMS)
