"""Lines that any JSON parser reads, and pictures that are there."""

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from trimodal.registry import VISBACKENDS
from trimodal.visualization import load_scalars
from trimodal.visualization.backends import LocalVisBackend
from trimodal.visualization.backends.local_backend import plain


def refuse(name: str) -> None:
    raise ValueError(f'{name} is no JSON')


def lines_of(path: Path) -> list[dict]:
    text = path.read_text().splitlines()
    return [json.loads(line, parse_constant=refuse) for line in text]


def test_configs_get_ours(tmp_path: Path):
    config = {'type': 'LocalVisBackend', 'save_dir': str(tmp_path)}
    assert type(VISBACKENDS.build(config)) is LocalVisBackend


def test_what_is_not_finite_is_still_json(tmp_path: Path):
    for start in range(2):  # a resumed run goes on in the same file
        backend = LocalVisBackend(str(tmp_path))
        values = {'loss': math.nan, 'up': math.inf, 'down': -np.inf}
        values |= {'x': np.float32(0.5), 'y': torch.tensor(2), 'iter': start}
        backend.add_scalars(values, step=start, file_path='other.json')
        backend.add_scalar('loss', torch.tensor(math.nan), step=start)
    lines = lines_of(tmp_path / 'scalars.json')
    expected = {'loss': 'NaN', 'up': 'Infinity', 'down': '-Infinity'}
    expected |= {'x': 0.5, 'y': 2, 'iter': 0, 'step': 0}
    assert lines[0] == expected
    assert lines[1] == {'loss': 'NaN', 'step': 0}
    assert lines[2] == {**expected, 'iter': 1, 'step': 1}
    assert len(lines_of(tmp_path / 'other.json')) == 2
    # Curves have a gap there, and know what was.
    curves = load_scalars(tmp_path / 'scalars.json')
    assert np.isnan(curves.train['loss'][1]).all()
    assert (curves.train['up'][1] == math.inf).all()


def test_mmengines_writes_no_json(tmp_path: Path):
    """Once it does, ours has one reason less."""
    from mmengine.visualization import LocalVisBackend as Original

    Original(str(tmp_path)).add_scalar('loss', math.nan)
    with pytest.raises(ValueError, match='NaN is no JSON'):
        lines_of(tmp_path / 'scalars.json')


def test_pictures_in_folders(tmp_path: Path):
    image = np.zeros((4, 6, 3), np.uint8)
    image[..., 0] = 200
    backend = LocalVisBackend(str(tmp_path))
    backend.add_image('val/first', image, step=3)
    path = tmp_path / 'vis_image' / 'val' / 'first_3.png'
    assert cv2.imread(str(path))[0, 0].tolist() == [0, 0, 200]  # BGR


def test_plain():
    value = {1: {2}, 'a': [None, Path('b')], 'c': torch.ones(2)}
    assert plain(value) == {'1': [2], 'a': [None, 'b'], 'c': [1.0, 1.0]}
