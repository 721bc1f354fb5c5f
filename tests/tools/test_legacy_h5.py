"""tools/dataset_converters/legacy_h5.py, as it is called."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.datasets.converters.test_legacy_h5 import write_split
from trimodal.datasets import PackedReader


def call(root: Path, monkeypatch: pytest.MonkeyPatch, *args: str) -> None:
    script = root / 'tools' / 'dataset_converters' / 'legacy_h5.py'
    monkeypatch.setattr(sys, 'argv', [str(script), *args])
    runpy.run_path(str(script), run_name='__main__')


def test_converts(repo_root, tmp_path, monkeypatch, capsys):
    hand = {'a': np.ones((3, 21, 3))}
    write_split(tmp_path, {'gesture': hand}, [{'id': 'a'}])
    out = tmp_path / 'out'
    options = ('--fps', '10', '--hand', 'left')
    call(repo_root, monkeypatch, str(tmp_path), str(out), *options)
    assert capsys.readouterr().out == f'{out}/train.h5: 1 samples\n'
    reader = PackedReader(out / 'train.h5')
    assert reader.attributes == {'gesture': {'fps': 10.0}}
    assert reader.arrays(0)['gesture']['valid'].tolist() == [[True, False]] * 3


def test_error_is_one_line(repo_root, tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match=r'^error: no .*_features.h5 in'):
        call(repo_root, monkeypatch, str(tmp_path), str(tmp_path))
