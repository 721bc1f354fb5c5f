"""benchmarks/run_differences.py: nothing that differs is passed over."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.run_differences import compare, differences, is_ignored
from tests.tools.launching import run_tool
from trimodal.utils.saving import save_file

NAN = float('nan')


def found(ours: Any, theirs: Any) -> list[str]:
    return list(differences(ours, theirs))


def test_what_is_the_same():
    for value in (
        {'a': [torch.tensor([NAN, 1.0]), 2, 'x'], 'b': (NAN, None)},
        {'w': torch.empty(0), 'v': torch.ones(2, 3).t()},
    ):
        assert found(value, value) == []
    assert found({'w': torch.ones(2, 3).t()}, {'w': torch.ones(3, 2)}) == []


@pytest.mark.parametrize(
    ('ours', 'theirs', 'place'),
    [
        ({'a': {'w': torch.zeros(2)}}, {'a': {'w': -torch.zeros(2)}}, 'a.w'),
        ({'w': torch.zeros(2)}, {'w': torch.zeros(2).double()}, 'w'),
        ({'w': torch.zeros(2)}, {'w': torch.zeros(1)}, 'w'),
        ({'a': 1}, {'a': 1.0}, 'a: int, float'),
        ({'a': 1}, {}, 'a: only in one'),
        ([1, [2]], [1, [3]], '1.0: 2, 3'),
        ([1], [1, 2], ': 1 and 2 items'),
        ({'a': NAN}, {'a': 0.0}, 'a: nan, 0.0'),
        (
            {'best_ckpt': '/x/a'},
            {'best_ckpt': '/y/b'},
            'best_ckpt: /x/a, /y/b',
        ),
    ],
)
def test_what_differs(ours: Any, theirs: Any, place: str):
    assert found(ours, theirs) == [place]


def test_times_and_places_do_not_count():
    ours = {'train/time': 1, 'data_time': 2, 'eta': 3, 'best_ckpt': '/x/a'}
    theirs = {'train/time': 4, 'val/memory': 1, 'best_ckpt': '/y/a'}
    assert found(ours, theirs) == []
    assert not is_ignored('times')
    assert not is_ignored('loss')


def write_run(folder: Path, loss: float) -> Path:
    save_file({'state_dict': {'w': torch.ones(2)}}, folder / 'epoch_1.pth')
    for start, step in (('1', 1), ('2', 2)):
        path = folder / start / 'vis_data' / 'scalars.json'
        path.parent.mkdir(parents=True)
        line = {'loss': loss, 'time': step + loss, 'step': step}
        path.write_text(json.dumps(line) + '\n')
    return folder


def test_runs(tmp_path: Path, monkeypatch, capsys):
    ours = write_run(tmp_path / 'a', 0.5)
    theirs = write_run(tmp_path / 'b', 0.5)
    same = {'files': [], 'log': [], 'epoch_1.pth': []}
    assert compare(ours, theirs) == same
    (theirs / 'epoch_2.pth.tmp').touch()
    other = write_run(tmp_path / 'c', 0.25)
    assert compare(ours, theirs)['files'] == [': 1 and 2 items']
    places = compare(ours, other)['log']
    assert places == ['0.loss: 0.5, 0.25', '1.loss: 0.5, 0.25']
    with pytest.raises(SystemExit) as end:
        run_tool(monkeypatch, '../benchmarks/run_differences', ours, other)
    assert end.value.code == 1
    assert 'log: 0.loss: 0.5, 0.25' in capsys.readouterr().out
