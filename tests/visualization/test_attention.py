"""Panels of weights."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from trimodal.visualization import plot_attention


def test_dark_is_much(tmp_path: Path):
    weights = np.zeros((2, 2))
    weights[0, 0] = 1
    path = tmp_path / 'a.png'
    picture = plot_attention({'x': weights}, 'title', path)
    assert picture.dtype == np.uint8
    assert cv2.imread(str(path)).shape == picture.shape
    blue = (picture[..., 2].astype(int) - picture[..., 0]) > 60
    rows, columns = np.nonzero(blue)
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
