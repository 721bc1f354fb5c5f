"""Curves of finished or running trainings: for a look, and for reports."""

from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from trimodal.utils.metric_rules import lower_is_better
from trimodal.visualization.figure import (
    COLORS,
    MUTED,
    house_style,
    new_figure,
    render,
    save,
)
from trimodal.visualization.scalars import (
    Scalars,
    best_index,
    load_scalars,
)

# Logged with everything else, but no measure of how a training goes; a
# figure for each class ([...]) would fill pages.
DULL = (
    '*time',
    '*memory',
    'samples_per_second',
    '*support*',
    '*unlabelled*',
    '*[[]*',
)
PANEL = (4.2, 2.7)  # inches


def plot_curves(
    runs: Sequence[str | Path],
    out_file: str | Path | None = None,
    keys: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    smooth: float = 0.0,
) -> np.ndarray:
    """Plot one or several runs: a panel a key, a line a run.

    Args:
        runs (Sequence[str | Path]): Work folders or ``scalars.json`` files.
        out_file (str | Path | None): Where to write the picture too.
            Defaults to None.
        keys (Sequence[str] | None): Keys, or patterns such as ``'*loss*'``.
            Defaults to None: the training loss, every validation metric and
            the learning rate.
        names (Sequence[str] | None): The runs' names in the legend.
            Defaults to None: their folders' names.
        smooth (float): Weight of the past in a moving average of what the
            training steps logged, from 0 to below 1; the curve as it was
            logged stays, faintly. Defaults to 0.0.

    Returns:
        np.ndarray: RGB, uint8 ``[H, W, 3]``.

    Raises:
        ValueError: If there is no run, or not a name for each, or no run has
            any of the keys, or ``smooth`` is not in [0, 1).
    """
    names = run_names(runs) if names is None else list(names)
    if not runs or len(names) != len(runs):
        raise ValueError(
            f'one run or more and a name for each, got {len(runs)} runs and '
            f'{len(names)} names'
        )
    loaded = [load_scalars(run) for run in runs]
    picture = draw_curves(loaded, choose_keys(loaded, keys), names, smooth)
    if out_file is not None:
        save(picture, out_file)
    return picture


def draw_curves(
    runs: Sequence[Scalars],
    keys: Sequence[str],
    names: Sequence[str],
    smooth: float = 0.0,
    dpi: int = 100,
) -> np.ndarray:
    """Draw a panel a key, a line a run.

    Args:
        runs (Sequence[Scalars]): What the runs logged.
        keys (Sequence[str]): What to draw, one or more.
        names (Sequence[str]): The runs' names in the legend.
        smooth (float): As in :func:`plot_curves`. Defaults to 0.0.
        dpi (int): Dots an inch. Defaults to 100.

    Returns:
        np.ndarray: RGB, uint8 ``[H, W, 3]``.

    Raises:
        ValueError: If ``smooth`` is not in [0, 1).
    """
    if not 0 <= smooth < 1:
        raise ValueError(f'smooth must be in [0, 1), got {smooth}')
    columns = min(3, len(keys))
    rows = -(-len(keys) // columns)
    with house_style():
        figure = new_figure(PANEL[0] * columns, PANEL[1] * rows, dpi)
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, key in zip(panels, keys, strict=False):
            _panel(axes, key, runs, names, smooth)
        for axes in panels[len(keys) :]:
            axes.set_axis_off()
        if len(runs) > 1:
            lines = {
                label: line
                for axes in panels
                for line, label in zip(
                    *axes.get_legend_handles_labels(), strict=True
                )
            }
            figure.legend(
                lines.values(), lines, loc='outside lower left', ncols=3
            )
        return render(figure)


def choose_keys(
    runs: Sequence[Scalars], keys: Sequence[str] | None = None
) -> list[str]:
    """The keys that patterns name, or those worth a look.

    Args:
        runs (Sequence[Scalars]): What the runs logged.
        keys (Sequence[str] | None): Keys or patterns. Defaults to None: the
            training loss, every validation metric and the learning rate.

    Returns:
        list[str]: Keys that some run has, each once.

    Raises:
        ValueError: If no run has any of ``keys``.
    """
    known: dict[str, None] = {}
    for run in runs:
        known.update(dict.fromkeys([*run.train, *run.val]))
    if keys is not None:
        # A key such as 'AP[cat]' would be a pattern that it does not match.
        chosen = [k for p in keys for k in known if k == p or fnmatch(k, p)]
        if not chosen:
            raise ValueError(
                f'no run logged any of {list(keys)}; there are {sorted(known)}'
            )
        return list(dict.fromkeys(chosen))
    metrics = {
        key: None
        for run in runs
        for key, (_, y) in run.val.items()
        if np.isfinite(y).any()
    }
    chosen = [k for k in ('loss', *metrics, 'lr') if k in known]
    chosen = [k for k in chosen if not any(fnmatch(k, p) for p in DULL)]
    return chosen or list(known)


def run_names(runs: Sequence[str | Path]) -> list[str]:
    """A name for each run: its folder's, with its parent's if need be.

    Examples:
        >>> from trimodal.visualization.curves import run_names
        >>> run_names(['a/seed0', 'a/seed1']), run_names(['a/s', 'b/s'])
        (['seed0', 'seed1'], ['a/s', 'b/s'])
    """
    paths = [Path(run) for run in runs]
    names = [path.name for path in paths]
    if len(set(names)) < len(set(paths)):
        names = ['/'.join(path.parts[-2:]) for path in paths]
    return names


def smoothed(y: np.ndarray, weight: float) -> np.ndarray:
    """Moving average by exponential weights, without a bias at the start.

    Values that are not finite are left out of it and stay where they are.

    Args:
        y (np.ndarray): The values.
        weight (float): Weight of the past, from 0 to below 1.

    Returns:
        np.ndarray: As many.

    Examples:
        >>> import numpy as np
        >>> from trimodal.visualization.curves import smoothed
        >>> smoothed(np.array([3.0, 0.0, np.nan]), 0.5).tolist()
        [3.0, 1.0, nan]
    """
    out = np.array(y, float)
    total = share = 0.0
    for i in np.flatnonzero(np.isfinite(out)):
        total = weight * total + (1 - weight) * out[i]
        share = weight * share + (1 - weight)
        out[i] = total / share
    return out


def _panel(
    axes: Axes,
    key: str,
    runs: Sequence[Scalars],
    names: Sequence[str],
    smooth: float,
) -> None:
    for i, (run, name) in enumerate(zip(runs, names, strict=True)):
        points = run.points(key)
        if points is None:
            continue
        x, y = points
        color = COLORS[i % len(COLORS)]
        marker = '.' if len(x) < 40 else None
        if smooth and key not in run.val:
            axes.plot(x, y, color=color, alpha=0.25)
            y, marker = smoothed(y, smooth), None
        axes.plot(x, y, color=color, label=name, marker=marker)
        if key in run.val:
            _mark_best(axes, key, x, y, color)
    axes.set_title(key)
    axes.set_xlabel(' or '.join(dict.fromkeys(run.unit for run in runs)))
    axes.grid(axis='y')
    axes.tick_params(length=0)
    axes.margins(y=0.15)
    if key == 'lr':
        axes.ticklabel_format(axis='y', style='sci', scilimits=(-2, 3))
        axes.yaxis.get_offset_text().set_color(MUTED)


def _mark_best(
    axes: Axes, key: str, x: np.ndarray, y: np.ndarray, color: str
) -> None:
    at = best_index(key, y)
    if at is None:
        return
    axes.plot(x[at], y[at], marker='o', color=color)
    axes.annotate(
        f'{y[at]:.4g}',
        (x[at], y[at]),
        xytext=(0, -14 if lower_is_better(key) else 6),
        textcoords='offset points',
        ha='center',
        color=color,
    )
