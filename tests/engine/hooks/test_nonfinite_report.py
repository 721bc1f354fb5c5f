"""What is told and written; whole runs are in test_nonfinite_hook.py."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from mmengine.config import Config

from trimodal.engine.hooks.nonfinite_report import (
    fault_line,
    sample_ids,
    write_fault,
)
from trimodal.structures import TriModalDataSample


def test_sample_ids():
    samples = [
        TriModalDataSample(metainfo={'sample_id': 'a', 'sample_idx': 7}),
        TriModalDataSample(metainfo={'sample_idx': 7}),
        TriModalDataSample(),
    ]
    assert sample_ids({'data_samples': samples}) == ['a', '7', '#2']
    assert sample_ids({'inputs': 1}) == sample_ids([1]) == []


def test_fault_line():
    line = fault_line({'x.loss': float('nan'), 'y': 0.25}, {}, True, [])
    assert line == 'the loss is not finite (x.loss=nan, y=0.25); samples: '
    line = fault_line({'x.loss': 1.0}, {}, False, list('abcde'))
    assert line.startswith(
        'gradients are not finite (a, b, c and 2 more) of a finite loss'
    )


def test_write_fault(tmp_path: Path):
    config = Config({'model': {'size': (1, 2), 'type': 'Toy'}})
    runner: Any = SimpleNamespace(
        cfg=config, iter=4, epoch=1, work_dir=str(tmp_path)
    )
    path = write_fault(runner, {'losses': {'x': 1.0}})
    assert path == str(tmp_path / 'nonfinite_iter_5.pth')
    assert [file.name for file in tmp_path.iterdir()] == [Path(path).name]
    assert torch.load(path, weights_only=True) == {
        'losses': {'x': 1.0},
        'iter': 5,
        'epoch': 2,
        'config': {'model': {'size': (1, 2), 'type': 'Toy'}},
    }
