"""How good a run became: tables and pictures of its validations."""

from collections.abc import Sequence
from fnmatch import fnmatch

import numpy as np

from trimodal.reports.parts import Cell, Picture, Table, Text
from trimodal.utils.metric_rules import lower_is_better
from trimodal.visualization.curves import choose_keys, draw_curves
from trimodal.visualization.scalars import Scalars, best_index

ROWS = 40  # of the table over epochs; longer ones are thinned out
COLUMNS = 10
PANELS = 12
# Of the training steps, beside loss and learning rate; the last ones are
# those of ModalityContributionHook.
MORE = (
    'grad_norm',
    'grad_norm/all',
    'gradient_share/*',
    'fusion_share/*',
    '*loss*',
)
SMOOTH_FROM = 40  # points; fewer are not smoothed
NO_METRIC = ('time', 'data_time', 'memory')


def best_table(scalars: Scalars) -> Table | None:
    """Best and last value of each validation metric; None without any."""
    rows: list[list[Cell]] = []
    for key, (x, y) in scalars.val.items():
        at = best_index(key, y)
        if at is None or key in NO_METRIC:
            continue
        better = 'lower' if lower_is_better(key) else 'higher'
        rows.append([key, float(y[at]), _number(x[at]), float(y[-1]), better])
    if not rows:
        return None
    header = ['metric', 'best', f'at {scalars.unit}', 'last', 'better is']
    return Table('Validation', header, rows)


def epoch_table(scalars: Scalars) -> Table | None:
    """The training loss and the metrics over epochs; None without any."""
    keys = [k for k in choose_keys([scalars]) if k in scalars.val]
    loss = scalars.train.get('loss')
    steps = {float(x) for key in keys for x in scalars.val[key][0]}
    if not steps and loss is not None:
        steps = set(loss[0].tolist())
    if not steps:
        return None
    kept = _thinned(sorted(steps), scalars, keys[:1])
    caption = f'By {scalars.unit}'
    if len(kept) < len(steps):
        caption += f', {len(kept)} of {len(steps)} rows'
    if len(keys) > COLUMNS:
        caption += f', {COLUMNS} of {len(keys)} metrics'
        keys = keys[:COLUMNS]
    values = {k: dict(zip(*scalars.val[k], strict=True)) for k in keys}
    rows: list[list[Cell]] = [
        [
            _number(x),
            _until(loss, x),
            *(float(values[k].get(x, np.nan)) for k in keys),
        ]
        for x in kept
    ]
    return Table(caption, [scalars.unit, 'training loss', *keys], rows)


def _thinned(
    steps: Sequence[float], scalars: Scalars, keys: Sequence[str]
) -> list[float]:
    """Some of the steps: the first, the last and the best are among them."""
    at = np.linspace(0, len(steps) - 1, min(ROWS, len(steps))).round()
    kept = {steps[int(i)] for i in at}
    for key in keys:
        x, y = scalars.val[key]
        best = best_index(key, y)
        if best is not None:
            kept.add(float(x[best]))
    return sorted(kept)


def _until(curve: tuple[np.ndarray, np.ndarray] | None, x: float) -> float:
    """The last value of a curve up to ``x``."""
    if curve is None or curve[0][0] > x + 1e-6:
        return float('nan')
    return float(curve[1][np.flatnonzero(curve[0] <= x + 1e-6)[-1]])


def _number(x: float) -> Cell:
    return int(x) if float(x).is_integer() else float(x)


def curve_pictures(scalars: Scalars) -> list[Text | Picture]:
    """A picture for each curve that tells how the training went."""
    keys = choose_keys([scalars])
    more = [
        key
        for pattern in MORE
        for key, (_, y) in scalars.train.items()
        if fnmatch(key, pattern) and not _is_total(y, scalars)
    ]
    keys = list(dict.fromkeys([*keys, *more]))
    parts: list[Text | Picture] = [
        Picture(key, _alt(key, scalars), _draw(key, scalars))
        for key in keys[:PANELS]
    ]
    if len(keys) > PANELS:
        parts.append(
            Text(
                f'{len(keys) - PANELS} more curves were logged: python '
                "tools/analysis_tools/plot_logs.py WORK_DIR --keys '*'"
            )
        )
    return parts


def _is_total(y: np.ndarray, scalars: Scalars) -> bool:
    """Whether a term is the only one of the loss, whose curve is there."""
    loss = scalars.train.get('loss')
    return loss is not None and np.array_equal(loss[1], y)


def _draw(key: str, scalars: Scalars) -> np.ndarray:
    points = scalars.points(key)
    long = points is not None and len(points[0]) >= SMOOTH_FROM
    smooth = 0.6 if long and key != 'lr' else 0.0
    return draw_curves([scalars], [key], [''], smooth)


def _alt(key: str, scalars: Scalars) -> str:
    """The curve in words."""
    points = scalars.points(key)
    assert points is not None, key
    x, y = points
    text = (
        f'Curve of {key} over {scalars.unit}s: {len(y)} points, first '
        f'{y[0]:.4g}, last {y[-1]:.4g}'
    )
    at = best_index(key, y)
    if key in scalars.val and at is not None:
        text += f', best {y[at]:.4g} at {scalars.unit} {x[at]:.4g}'
    return f'{text}.'
