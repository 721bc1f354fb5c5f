"""Whether a model is as often right as it says.

Shape letters: N samples, C classes.
"""

import numpy as np


def expected_calibration_error(
    scores: np.ndarray, target: np.ndarray, num_bins: int = 15
) -> float:
    """Mean gap between confidence and accuracy.

    `On Calibration of Modern Neural Networks
    <https://arxiv.org/abs/1706.04599>`_: the samples are put into bins of
    equal width by their highest score, bin ``m`` of ``M`` taking those in
    ``((m - 1) / M, m / M]``; the gaps between a bin's accuracy and its mean
    score are averaged, weighted with the bin's samples.

    Args:
        scores (np.ndarray): float ``[N, C]``, probabilities.
        target (np.ndarray): int ``[N]``, true classes.
        num_bins (int): M. Defaults to 15, as in the paper.

    Returns:
        float: 0 to 1, 0 is best; NaN without samples and where a score is
        NaN.

    Raises:
        ValueError: If the shapes don't fit, or a score is no probability.

    Examples:
        >>> from trimodal.evaluation.functional import (
        ...     expected_calibration_error)
        >>> round(expected_calibration_error([[0.8, 0.2], [0.8, 0.2]],
        ...                                  [0, 1]), 4)
        0.3
    """
    scores = np.asarray(scores, dtype=np.float64)
    target = np.asarray(target)
    if scores.ndim != 2 or target.shape != scores.shape[:1]:
        raise ValueError(
            'scores must be [N, C] and target [N], got '
            f'{scores.shape} and {target.shape}'
        )
    if not len(scores) or np.isnan(scores).any():
        return float('nan')
    lowest, highest = scores.min(), scores.max()
    if lowest < 0 or highest > 1 + 1e-6:
        raise ValueError(
            'calibration needs probabilities, got scores from '
            f'{lowest:.4g} to {highest:.4g}'
        )
    confidence = scores.max(axis=1)
    right = scores.argmax(axis=1) == target
    bins = np.ceil(confidence * num_bins).astype(np.int64) - 1
    bins = bins.clip(0, num_bins - 1)
    # Each bin's |right - sum of scores|, over N, is its weighted gap.
    gaps = np.bincount(bins, right - confidence, minlength=num_bins)
    return float(np.abs(gaps).sum() / len(scores))
