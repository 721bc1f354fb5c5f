"""Curves of finished or running trainings, from mmengine's scalars.json."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from trimodal.visualization.figure import (
    COLORS,
    MUTED,
    house_style,
    new_figure,
    render,
    save,
)

Points = tuple[np.ndarray, np.ndarray]
# Logged with everything else, but no measure of how a training goes.
DULL = ('*time', 'memory', '*support*', '*unlabelled*')
LOWER_IS_BETTER = ('*loss*', '*er', '*mse', '*mae', '*ece')
PANEL = (4.2, 2.7)  # inches


@dataclass(frozen=True)
class Scalars:
    """What a run logged.

    Args:
        train (dict[str, Points]): For each key of the training steps, the
            x (epochs, with fractions; else iterations) and the values.
        val (dict[str, Points]): Likewise for each validation metric.
        by_epoch (bool): Whether x counts epochs.
    """

    train: dict[str, Points]
    val: dict[str, Points]
    by_epoch: bool

    def points(self, key: str) -> Points | None:
        """The curve of ``key``: a validation's, else a training's."""
        return self.val.get(key, self.train.get(key))


def load_scalars(path: str | Path) -> Scalars:
    """Read what a run logged.

    A work folder may hold several starts of one run. They are joined: a
    start replaces what an earlier one logged from its first iteration on,
    as is right for a resumed run, and for one begun anew.

    Args:
        path (str | Path): A work folder, one of its time-stamped folders,
            or a ``scalars.json``.

    Returns:
        Scalars: The curves.

    Raises:
        FileNotFoundError: If there is no ``scalars.json``.
        ValueError: If nothing was logged yet.
    """
    records: list[dict] = []
    files = _files(Path(path))
    for file in files:
        new = _read(file)
        start = min((r['iter'] for r in new if 'iter' in r), default=None)
        if start is not None:
            records = _before(records, start)
        records += new
    if not records:
        raise ValueError(f'nothing was logged yet in {files[-1]}')
    train = [r for r in records if 'iter' in r]
    val = [r for r in records if 'iter' not in r]
    by_epoch = all('epoch' in r for r in train)
    # Record i of epoch e says that an epoch has i / e iterations or more;
    # the last of an epoch says it exactly.
    steps = (
        max((r['iter'] / r['epoch'] for r in train), default=1)
        if (by_epoch)
        else 1
    )
    return Scalars(
        _curves(train, [r['iter'] / steps for r in train]),
        _curves(val, [r['step'] for r in val]),
        by_epoch,
    )


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    for pattern in ('*/vis_data/scalars.json', 'vis_data/scalars.json'):
        # The folders' names are times, so this is the order of the starts.
        found = sorted(path.glob(pattern))
        if found:
            return found
    raise FileNotFoundError(
        f'no scalars.json in {path}: expected a work folder of a training, '
        'or the file itself'
    )


def _read(file: Path) -> list[dict]:
    records = []
    for line in file.read_text(encoding='utf-8').splitlines():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue  # the half line of a run that was killed
        records.append(
            {
                key.removeprefix('train/').removeprefix('val/'): value
                for key, value in record.items()
            }
        )
    return records


def _before(records: list[dict], start: int) -> list[dict]:
    for i, record in enumerate(records):
        if record.get('iter', -1) >= start:
            return records[:i]
    return records


def _curves(records: list[dict], x: list[float]) -> dict[str, Points]:
    curves: dict[str, tuple[list[float], list[float]]] = {}
    for at, record in zip(x, records, strict=True):
        for key, value in record.items():
            if isinstance(value, int | float) and key not in (
                'iter',
                'epoch',
                'step',
            ):
                xs, ys = curves.setdefault(key, ([], []))
                xs.append(at)
                ys.append(value)
    return {k: (np.array(xs), np.array(ys)) for k, (xs, ys) in curves.items()}


def plot_curves(
    runs: Sequence[str | Path],
    out_file: str | Path | None = None,
    keys: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
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

    Returns:
        np.ndarray: RGB, uint8 ``[H, W, 3]``.

    Raises:
        ValueError: If there is no run, or not a name for each, or no run has
            any of the keys.
    """
    names = [Path(r).name for r in runs] if names is None else list(names)
    if not runs or len(names) != len(runs):
        raise ValueError(
            f'one run or more and a name for each, got {len(runs)} runs and '
            f'{len(names)} names'
        )
    loaded = [load_scalars(run) for run in runs]
    chosen = _choose(loaded, keys)
    columns = min(3, len(chosen))
    rows = -(-len(chosen) // columns)
    with house_style():
        figure = new_figure(PANEL[0] * columns, PANEL[1] * rows)
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, key in zip(panels, chosen, strict=False):
            _panel(axes, key, loaded, names)
        for axes in panels[len(chosen) :]:
            axes.set_axis_off()
        if len(runs) > 1:
            handles, labels = panels[0].get_legend_handles_labels()
            figure.legend(handles, labels, loc='outside lower left', ncols=3)
        picture = render(figure)
    if out_file is not None:
        save(picture, out_file)
    return picture


def _choose(runs: list[Scalars], keys: Sequence[str] | None) -> list[str]:
    known: dict[str, None] = {}
    for run in runs:
        known.update(dict.fromkeys([*run.train, *run.val]))
    if keys is not None:
        chosen = [k for p in keys for k in known if fnmatch(k, p)]
        if not chosen:
            raise ValueError(
                f'no run logged any of {list(keys)}; there are {sorted(known)}'
            )
        return list(dict.fromkeys(chosen))
    metrics = {k: None for run in runs for k in run.val}
    chosen = [k for k in ('loss', *metrics, 'lr') if k in known]
    return [k for k in chosen if not any(fnmatch(k, p) for p in DULL)]


def _panel(
    axes: Axes, key: str, runs: list[Scalars], names: Sequence[str]
) -> None:
    lower = any(fnmatch(key, pattern) for pattern in LOWER_IS_BETTER)
    for i, (run, name) in enumerate(zip(runs, names, strict=True)):
        points = run.points(key)
        if points is None:
            continue
        x, y = points
        color = COLORS[i % len(COLORS)]
        few = len(x) < 40
        axes.plot(x, y, color=color, label=name, marker='.' if few else None)
        if key in run.val and np.isfinite(y).any():
            at = np.nanargmin(y) if lower else np.nanargmax(y)
            axes.plot(x[at], y[at], marker='o', color=color)
            axes.annotate(
                f'{y[at]:.4g}',
                (x[at], y[at]),
                xytext=(0, -14 if lower else 6),
                textcoords='offset points',
                ha='center',
                color=color,
            )
    axes.set_title(key)
    axes.set_xlabel('epoch' if runs[0].by_epoch else 'iteration')
    axes.grid(axis='y')
    axes.tick_params(length=0)
    axes.margins(y=0.15)
    if key == 'lr':
        axes.ticklabel_format(axis='y', style='sci', scilimits=(-2, 3))
        axes.yaxis.get_offset_text().set_color(MUTED)
