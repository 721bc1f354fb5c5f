"""Panels of what a model says in numbers or words.

Shape letters: D values.
"""

import textwrap

import numpy as np
from matplotlib.axes import Axes

from trimodal.visualization.figure import BLUE, GREEN, INK, MUTED
from trimodal.visualization.headline import LETTERS


def draw_values(
    axes: Axes,
    values: np.ndarray | None,
    truth: np.ndarray | None,
    most: int = 10,
) -> None:
    """Write predicted and true values, a line an output.

    Args:
        axes (Axes): Where to draw.
        values (np.ndarray | None): float ``[D]``, what was predicted.
        truth (np.ndarray | None): float ``[D]``, NaN where not annotated.
        most (int): Lines at most; the last then says how many are left.
            Defaults to 10.
    """
    count = max(len(side) for side in (values, truth) if side is not None)
    lines = [['', '' if values is None else 'predicted']]
    lines[0].append('' if truth is None else 'true')
    for i in range(min(count, most)):
        lines.append([f'{i}', _number(values, i), _number(truth, i)])
    if count > most:
        lines.append([f'and {count - most} more', '', ''])
    for row, texts in enumerate(lines):
        for x, text, color in zip(
            (0, 0.65, 1), texts, (INK, BLUE, GREEN), strict=True
        ):
            axes.text(
                x,
                row,
                text,
                va='center',
                ha='right' if x else 'left',
                color=color if row and x else MUTED,
            )
    axes.set(xlim=(0, 1), ylim=(max(len(lines), 5) - 0.4, -0.6))
    _bare(axes)


def draw_texts(axes: Axes, text: str | None, truth: str | None) -> None:
    """Write the predicted and the true text, in as many lines as they take.

    Args:
        axes (Axes): Where to draw.
        text (str | None): What was predicted.
        truth (str | None): The reference.
    """
    lines = []
    for name, words, color in (
        ('predicted', text, BLUE),
        ('true', truth, GREEN),
    ):
        if words is not None:
            wrapped = textwrap.wrap(words, LETTERS) or ['(nothing)']
            lines.append((name, MUTED))
            lines += [(line, color) for line in wrapped]
    for row, (line, color) in enumerate(lines):
        axes.text(0, row, line, va='center', color=color)
    axes.set(xlim=(0, 1), ylim=(max(len(lines), 5) - 0.4, -0.6))
    _bare(axes)


def _number(values: np.ndarray | None, index: int) -> str:
    if values is None or index >= len(values):
        return ''
    return '–' if np.isnan(values[index]) else f'{values[index]:.4g}'


def _bare(axes: Axes) -> None:
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
