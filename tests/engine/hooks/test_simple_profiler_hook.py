"""The table: known waits appear where they are made."""

import time
from pathlib import Path
from typing import Any

import pytest
from mmengine.hooks import Hook

from tests.engine.toy import ToyDataset, ToyModel, write_config
from trimodal.engine.hooks.simple_profiler_hook import (
    PartTimer,
    format_profile,
)
from trimodal.engine.runner import TrainOptions, train
from trimodal.registry import DATASETS, HOOKS, MODELS


@DATASETS.register_module()
class SlowDataset(ToyDataset):
    """15 ms a sample."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        time.sleep(0.015)
        return super().__getitem__(index)


@MODELS.register_module()
class SlowModel(ToyModel):
    """40 ms forwards, in training."""

    def forward(self, *args: Any, **options: Any) -> Any:
        time.sleep(0.04 * self.training)
        return super().forward(*args, **options)


@HOOKS.register_module()
class SlowHook(Hook):
    """30 ms an iteration."""

    def after_train_iter(self, *args: Any, **options: Any) -> None:
        time.sleep(0.03)


EXTRA = """
custom_imports['imports'] += ['tests.engine.hooks.test_simple_profiler_hook']
custom_hooks += [dict(type='SlowHook')]
model['type'] = 'SlowModel'
train_dataloader['dataset'] = dict(type='SlowDataset', size=8)
val_dataloader['dataset'] = dict(type='SlowDataset', size=20)
train_cfg['max_epochs'] = 2
"""


def rows_of(text: str) -> dict[str, tuple[float, int, float, float]]:
    rows = {}
    for line in text.splitlines()[2:]:
        name, mean, calls, total, share = line.strip('| ').split('|')
        figures = float(mean), int(calls), float(total), float(share)
        rows[name.strip()] = figures
    return rows


def test_each_wait_is_in_its_row(tmp_path: Path):
    """Two epochs of two batches of four."""
    config = write_config(tmp_path, 'slow', EXTRA)
    options = TrainOptions(
        work_dir=str(tmp_path), profiler='simple', test=False
    )
    start = time.perf_counter()
    train(config, options)
    whole = time.perf_counter() - start
    (file,) = tmp_path.glob('*/simple_profile.txt')
    rows = rows_of(file.read_text())
    least = {
        # The ends of an epoch and of a validation are (short) waits too.
        'data wait': (0.24, 8),
        'forward': (0.16, 4),
        'hooks: SlowHook.after_train_iter': (0.12, 4),
        'validation': (0.6, 2),
    }
    for name, (seconds, calls) in least.items():
        assert rows[name][2] >= seconds, name
        assert rows[name][1] == calls, name
    assert rows['backward'][1] == rows['preprocessing'][1] == 4
    assert rows['hooks'][2] >= rows['hooks: SlowHook.after_train_iter'][2]
    assert rows['checkpoint'][2] > 0
    parts = [n for n in rows if n != 'total' and not n.startswith('hooks:')]
    total = sum(rows[name][2] for name in parts)
    assert total == pytest.approx(rows['total'][2], abs=0.01)
    assert rows['total'][2] < whole
    assert sum(rows[name][3] for name in parts) == pytest.approx(100, abs=1)
    methods = {n: row for n, row in rows.items() if n.startswith('hooks:')}
    (rest,) = [name for name in methods if ' more below ' in name]
    assert all(row[3] >= 0.1 for n, row in methods.items() if n != rest)
    assert int(rest.split()[1]) > 50  # a run has some 100 in all
    listed = sum(row[2] for row in methods.values())
    assert listed == pytest.approx(rows['hooks'][2], abs=0.01)
    log = next(tmp_path.glob('*/*.log')).read_text()
    assert 'Where the time went:\n| action' in log


def test_as_a_hook_of_the_config(tmp_path: Path):
    """Not extended: the hooks are one row."""
    extra = (
        "custom_hooks += [dict(type='SimpleProfilerHook', extended=False)]\n"
        "train_cfg['max_epochs'] = 1\n"
    )
    config = write_config(tmp_path, 'short', extra)
    train(config, TrainOptions(work_dir=str(tmp_path), test=False))
    (file,) = tmp_path.glob('*/simple_profile.txt')
    rows = rows_of(file.read_text())
    assert {'data wait', 'forward', 'backward', 'hooks', 'total'} <= set(rows)
    assert not [name for name in rows if name.startswith('hooks:')]


def test_a_part_within_another_is_its_own():
    timer = PartTimer()
    timer.begin('outer')
    timer.begin('inner')
    timer.end('inner')
    timer.end('outer')
    assert list(timer.seconds) == ['outer']


def test_format_profile():
    seconds = {'forward': [0.1, 0.3], 'AHook.after_run': [0.05]}
    rows = rows_of(format_profile(seconds, 0.5))
    assert rows['forward'] == (200.0, 2, 0.4, 80.0)
    assert rows['hooks'] == rows['hooks: AHook.after_run']
    assert rows['other'] == (50.0, 1, 0.05, 10.0)
    assert rows['total'] == (500.0, 1, 0.5, 100.0)
    assert 'AHook' not in format_profile(seconds, 0.5, extended=False)


def test_what_took_next_to_nothing_is_one_row():
    """A thousandth of 10 s is listed, what is below is not."""
    seconds = {
        'AHook.after_run': [0.004, 0.006],
        'BHook.after_run': [0.009],
        'CHook.after_run': [0.0005, 0.0005],
        'DHook.after_run': [1.0],
    }
    text = format_profile(seconds, 10.0)
    rows = rows_of(text)
    assert [name for name in rows if name.startswith('hooks:')] == [
        'hooks: DHook.after_run',
        'hooks: AHook.after_run',
        'hooks: 2 more below 0.01 s each',
    ]
    assert rows['hooks: 2 more below 0.01 s each'] == (3.333, 3, 0.01, 0.1)
    assert rows['hooks'] == (170.0, 6, 1.02, 10.2)
    assert rows['total'][2] == 10
    del seconds['BHook.after_run'], seconds['CHook.after_run']
    assert ' more below ' not in format_profile(seconds, 10.0)
