"""Panels of weights."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from trimodal.visualization import attention, plot_attention
from trimodal.visualization.attention import AttentionMap
from trimodal.visualization.figure import render


@pytest.fixture
def drawn(monkeypatch) -> dict:
    """Keep the figure that is rendered."""
    kept: dict = {}

    def render_and_keep(figure):
        kept['figure'] = figure
        return render(figure)

    monkeypatch.setattr(attention, 'render', render_and_keep)
    return kept


def test_dark_is_much(tmp_path: Path):
    weights = np.zeros((2, 2))
    weights[0, 0] = 1
    path = tmp_path / 'a.png'
    picture = plot_attention({'x': weights}, 'title', path)
    assert picture.dtype == np.uint8
    assert cv2.imread(str(path)).shape == picture.shape
    blue = (picture[..., 2].astype(int) - picture[..., 0]) > 60
    # Left of the bar that shows the scale.
    rows, columns = np.nonzero(blue[:, : int(0.75 * blue.shape[1])])
    # Only the first of the four cells is coloured.
    assert rows.max() < picture.shape[0] * 0.6
    assert columns.max() < picture.shape[1] * 0.65


def test_even_attention_is_half_as_dark():
    sharp = plot_attention({'x': np.eye(4)})
    even = plot_attention({'x': np.full((4, 4), 0.25)})
    middle = tuple(size // 2 for size in even.shape[:2])
    assert sharp[..., :3].sum(-1).min() < even[middle].sum() < 600


def test_several_of_any_size():
    maps = {f'map {i}': np.random.rand(i + 1, 7) for i in range(4)}
    wide = plot_attention(maps)
    assert wide.shape[1] > wide.shape[0]
    with pytest.raises(ValueError, match='maps must have at least one'):
        plot_attention({})


def test_axes_have_the_names_of_modalities(drawn):
    """One in the label with its steps, several each beside its stretch."""
    weights = np.full((3, 6), 1 / 6)
    keys = (('a', 2), ('b', 0), ('c', 4))
    plot_attention({'x': AttentionMap(weights, (('a', 3),), keys)})
    axes = drawn['figure'].axes[0]
    assert axes.get_ylabel() == 'queries: a steps'
    assert axes.get_xlabel() == 'keys'
    assert [t.get_text() for t in axes.get_xticklabels()] == ['a', 'c']
    # Cell i lies from i - 0.5 to i + 0.5.
    assert axes.get_xticks().tolist() == [0.5, 3.5]
    (line,) = axes.lines
    assert list(line.get_xdata()) == [1.5, 1.5]


def test_nothing_to_look_at(drawn):
    empty = AttentionMap(np.zeros((3, 0)), (('a', 3),), (('b', 0),))
    plot_attention({'x': empty, 'y': np.eye(2)})
    assert drawn['figure'].axes[0].texts[0].get_text() == 'b absent'


def test_long_names_stay_over_their_panels(drawn):
    names = [f'encoders.speech.transformer.layers.{i}.attend' for i in 'abc']
    plot_attention({name: np.eye(2) for name in names})
    panels = drawn['figure'].axes[:3]
    titles = [axes._left_title.get_window_extent() for axes in panels]
    assert titles[0].x1 < titles[1].x0
    assert titles[1].x1 < titles[2].x0
    assert titles[2].x1 < drawn['figure'].bbox.x1
    text = panels[0].get_title(loc='left')
    assert text.replace('\n', '') == names[0]


def test_the_scale_is_told(drawn):
    plot_attention({'x': np.full((2, 4), 0.25), 'y': np.eye(4)})
    bars = drawn['figure'].axes[2:]
    ends = [[t.get_text() for t in b.get_yticklabels()] for b in bars]
    assert ends == [['0', '0.5'], ['0', '1']]
