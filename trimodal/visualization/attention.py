"""A picture of attention: who looked where.

Shape letters: T queries, S keys.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.ticker import MaxNLocator

from trimodal.visualization.figure import (
    house_style,
    new_figure,
    render,
    save,
)

PANEL = 3.1  # inches
COLUMNS = 3


def plot_attention(
    maps: Mapping[str, np.ndarray],
    title: str = '',
    out_file: str | Path | None = None,
) -> np.ndarray:
    """Draw attention weights, a panel each; dark is much.

    What is as dark as half of the scale is as much as each key would get if
    all got the same; no panel is scaled up beyond that.

    Args:
        maps (Mapping[str, np.ndarray]): float ``[T, S]`` by name; a row is a
            query, and what it gave the keys.
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
        figure = new_figure(PANEL * columns, 0.85 * PANEL * rows + 0.4)
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, (name, weights) in zip(panels, maps.items(), strict=False):
            most = float(weights.max(initial=0))
            even = 1 / max(weights.shape[1], 1)
            axes.imshow(
                weights,
                cmap='Blues',
                aspect='auto',
                vmin=0,
                vmax=max(most, 2 * even),
                interpolation='nearest',
            )
            axes.set_title(f'{name}  (max {most:.2f})')
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_locator(MaxNLocator(5, integer=True))
            axes.set(xlabel='keys', ylabel='queries')
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)
        for axes in panels[len(maps) :]:
            axes.set_axis_off()
        figure.suptitle(title, x=0.01, ha='left', fontweight='bold')
        picture = render(figure)
    if out_file is not None:
        save(picture, out_file)
    return picture
