"""A picture of a confusion matrix."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from trimodal.visualization.figure import (
    INK,
    house_style,
    new_figure,
    render,
    save,
)

MOST_NUMBERED = 30  # with more classes the counts would be unreadable


def plot_confusion_matrix(
    matrix: np.ndarray,
    names: Sequence[str],
    out_file: str | Path | None = None,
) -> np.ndarray:
    """Draw a confusion matrix: colour is the share of the true class.

    Args:
        matrix (np.ndarray): int ``[C, C]``; row: true class, column:
            predicted.
        names (Sequence[str]): The ``C`` classes' names.
        out_file (str | Path | None): Where to write the picture too.
            Defaults to None.

    Returns:
        np.ndarray: RGB, uint8 ``[H, W, 3]``.

    Raises:
        ValueError: If the matrix is not square or the names do not fit it.
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape != (len(names),) * 2:
        raise ValueError(
            f'matrix must be [C, C] with C names, got {matrix.shape} and '
            f'{len(names)} names'
        )
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = float(np.clip(0.45 * len(names), 3.5, 14))
    with house_style():
        figure = new_figure(side + 1.5, side + 0.8)
        axes = figure.subplots()
        shown = axes.imshow(share, cmap='Blues', vmin=0, vmax=1)
        figure.colorbar(shown, ax=axes, fraction=0.04, label='share of row')
        _label(axes, names)
        if len(names) <= MOST_NUMBERED:
            _number(axes, matrix, share)
        picture = render(figure)
    if out_file is not None:
        save(picture, out_file)
    return picture


def _label(axes: Axes, names: Sequence[str]) -> None:
    count = len(names)
    ticks = np.arange(count)[:: max(1, count // 40)]
    labels = [names[i] for i in ticks]
    upright = max(map(len, labels), default=0) > 3
    axes.set_xticks(ticks, labels, rotation=90 if upright else 0)
    axes.set_yticks(ticks, labels)
    axes.tick_params(length=0)
    axes.set(xlabel='predicted', ylabel='true')
    axes.spines[:].set_visible(False)


def _number(axes: Axes, matrix: np.ndarray, share: np.ndarray) -> None:
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            axes.text(
                column,
                row,
                str(count),
                ha='center',
                va='center',
                fontsize=8,
                color='white' if share[row, column] > 0.5 else INK,
            )
