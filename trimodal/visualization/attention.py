"""A picture of attention: who looked where.

Shape letters: T queries, S keys.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from trimodal.visualization.figure import (
    INK,
    blank,
    house_style,
    new_figure,
    render,
    save,
)

PANEL = 3.1  # inches
COLUMNS = 3
LETTERS = 36  # of a line of a panel's title

Parts = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class AttentionMap:
    """Attention weights, and whose steps the queries and keys are.

    Args:
        weights (np.ndarray): float ``[T, S]``; a row is a query, and what it
            gave the keys.
        queries (Parts): Names and lengths of the stretches, one after the
            other, that make up the queries. Defaults to (): not known.
        keys (Parts): Likewise of the keys. Defaults to (): not known.
    """

    weights: np.ndarray
    queries: Parts = ()
    keys: Parts = ()


def plot_attention(
    maps: Mapping[str, np.ndarray | AttentionMap],
    title: str = '',
    out_file: str | Path | None = None,
) -> np.ndarray:
    """Draw attention weights, a panel each; dark is much.

    What is as dark as half of the scale is as much as each key would get if
    all got the same; no panel is scaled up beyond that. Where it is known
    whose steps queries and keys are, the axes are named after them, and lines
    part several.

    Args:
        maps (Mapping[str, np.ndarray | AttentionMap]): float ``[T, S]`` by
            name; a row is a query, and what it gave the keys.
        title (str): What to write over it. Defaults to ''.
        out_file (str | Path | None): Where to write the picture too.
            Defaults to None.

    Returns:
        np.ndarray: RGB, uint8 ``[H, W, 3]``.

    Raises:
        ValueError: If there is no map.
    """
    if not maps:
        raise ValueError('maps must have at least one, got none')
    columns = min(COLUMNS, len(maps))
    rows = -(-len(maps) // columns)
    with house_style():
        figure = new_figure(PANEL * columns, 0.9 * PANEL * rows + 0.4)
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, (name, given) in zip(panels, maps.items(), strict=False):
            axes.set_title(_folded(name), fontsize=9)
            if not isinstance(given, AttentionMap):
                given = AttentionMap(given)
            image = _draw(axes, given)
            if image is not None:
                bar = figure.colorbar(image, ax=axes, fraction=0.05)
                bar.set_ticks([0, image.get_clim()[1]], labels=_ends(image))
                bar.outline.set_visible(False)
                bar.ax.tick_params(length=0)
        for axes in panels[len(maps) :]:
            axes.set_axis_off()
        figure.suptitle(title, x=0.01, ha='left', fontweight='bold')
        picture = render(figure)
    if out_file is not None:
        save(picture, out_file)
    return picture


def _draw(axes: Axes, given: AttentionMap) -> AxesImage | None:
    weights = given.weights
    if not weights.size:
        absent = [n for n, count in (*given.queries, *given.keys) if not count]
        blank(axes, f'{" and ".join(dict.fromkeys(absent))} absent')
        return None
    even = 1 / weights.shape[1]
    image = axes.imshow(
        weights,
        cmap='Blues',
        aspect='auto',
        vmin=0,
        vmax=max(float(weights.max()), 2 * even),
        interpolation='nearest',
    )
    _name_axis(axes.xaxis, 'keys', given.keys, axes.axvline)
    _name_axis(axes.yaxis, 'queries', given.queries, axes.axhline)
    if sum(count > 0 for _, count in given.queries) > 1:
        for label in axes.get_yticklabels():
            label.set(rotation=90, va='center')
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return image


def _name_axis(
    axis: Axis, kind: str, parts: Parts, draw_line: Callable[..., Any]
) -> None:
    """Numbers of steps, and of whom; of several only whose each stretch is."""
    parts = tuple(part for part in parts if part[1])
    axis.set_label_text(kind)
    if len(parts) < 2:
        axis.set_major_locator(MaxNLocator(5, integer=True))
        if parts:
            axis.set_label_text(f'{kind}: {parts[0][0]} steps')
        return
    counts = np.array([count for _, count in parts])
    ends = np.cumsum(counts)
    middles = ends - counts / 2 - 0.5
    axis.set_ticks(middles.tolist(), [name for name, _ in parts])
    for end in ends[:-1]:
        draw_line(end - 0.5, color=INK, linewidth=0.8)


def _ends(image: AxesImage) -> list[str]:
    return ['0', f'{image.get_clim()[1]:.2g}']


def _folded(name: str) -> str:
    """A module's name in lines that fit over its panel."""
    lines = ['']
    for part in name.replace('.', '.\n').split('\n'):
        if lines[-1] and len(lines[-1] + part) > LETTERS:
            lines.append('')
        lines[-1] += part
    return '\n'.join(lines)
