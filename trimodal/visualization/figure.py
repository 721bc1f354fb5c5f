"""Figures without pyplot: no global state, no window, no display needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font_names
from matplotlib.layout_engine import ConstrainedLayoutEngine

INK = '#1f2933'
MUTED = '#7b8794'
FAINT = '#e4e7eb'
BLUE = '#2f6fde'
GREEN = '#1f9d61'
RED = '#d64545'
COLORS = (BLUE, '#e8792b', GREEN, '#8a4fc7', '#c9a21a', '#17a2b8', RED)

# Letters that DejaVu Sans lacks are looked up in the first of these that is
# installed; Chinese class names are usual.
_CJK_FONTS = (
    'Noto Sans CJK SC',
    'Noto Sans SC',
    'Source Han Sans SC',
    'WenQuanYi Zen Hei',
    'WenQuanYi Micro Hei',
    'Microsoft YaHei',
    'SimHei',
    'PingFang SC',
    'Heiti SC',
    'Arial Unicode MS',
)


@lru_cache(maxsize=1)
def _fonts() -> list[str]:
    installed = set(get_font_names())
    return ['DejaVu Sans', *(f for f in _CJK_FONTS if f in installed)]


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the toolkit's look, whatever the user's matplotlibrc says."""
    style: Any = {
        'font.family': _fonts(),
        'font.size': 9,
        'text.color': INK,
        'axes.labelcolor': MUTED,
        'axes.edgecolor': FAINT,
        'axes.titlesize': 10,
        'axes.titlecolor': INK,
        'axes.titlelocation': 'left',
        'axes.spines.top': False,
        'axes.spines.right': False,
        'axes.grid': False,
        'grid.color': FAINT,
        'xtick.color': MUTED,
        'ytick.color': MUTED,
        'legend.frameon': False,
    }
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(style)
        yield


def new_figure(width: float, height: float, dpi: int = 100) -> Figure:
    """Make an empty figure of ``width`` x ``height`` inches."""
    figure = Figure(
        figsize=(width, height),
        dpi=dpi,
        facecolor='white',
        layout='constrained',
    )
    FigureCanvasAgg(figure)
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(w_pad=0.1, h_pad=0.1)
    return figure


def render(figure: Figure) -> np.ndarray:
    """Draw a figure.

    Args:
        figure (Figure): Made by :func:`new_figure`.

    Returns:
        np.ndarray: RGB, uint8 ``[H, W, 3]``.
    """
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def save(picture: np.ndarray, path: str | Path) -> None:
    """Write an RGB picture, uint8 ``[H, W, 3]``, making its folder."""
    from PIL import Image

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


def blank(axes: Axes, text: str) -> None:
    """Leave a panel empty but for a word that says why."""
    axes.set(xticks=[], yticks=[])
    axes.set_facecolor('#f7f8fa')
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.text(
        0.5,
        0.5,
        text,
        transform=axes.transAxes,
        ha='center',
        va='center',
        color=MUTED,
    )
