"""``data_time`` in the log is how long the loop really waited for data."""

import json
import re
import statistics
import time
from pathlib import Path
from typing import Any

import pytest

from tests.engine.toy import ToyDataset, ToyModel, write_config
from trimodal.engine.runner import TrainOptions, train
from trimodal.registry import DATASETS, MODELS

BATCH = 4
EXTRA = """
custom_imports['imports'] += ['tests.engine.hooks.test_data_time']
model = dict(type='SleepingModel', seconds={step})
train_dataloader.update(
    num_workers={workers},
    dataset=dict(type='SleepingDataset', size=32, seconds={sample}))
train_cfg['max_epochs'] = 1
default_hooks['logger'] = dict(interval=1)
log_processor = dict(window_size=1)
val_cfg = val_dataloader = val_evaluator = None
default_hooks['checkpoint'] = None
"""


@DATASETS.register_module()
class SleepingDataset(ToyDataset):
    """Takes its time for each sample."""

    def __init__(self, size: int, seconds: float) -> None:
        super().__init__(size)
        self.seconds = seconds

    def __getitem__(self, index: int) -> dict[str, Any]:
        time.sleep(self.seconds)
        return super().__getitem__(index)


@MODELS.register_module()
class SleepingModel(ToyModel):
    """Takes its time for each step."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def forward(self, *args: Any, **options: Any) -> Any:
        time.sleep(self.seconds)
        return super().forward(*args, **options)


def logged(
    folder: Path, workers: int, batch: float, step: float
) -> tuple[list[float], list[float]]:
    """Waits and whole times of all iterations but the first."""
    values = {'workers': workers, 'sample': batch / BATCH, 'step': step}
    config = write_config(folder, 'waiting', EXTRA.format(**values))
    work_dir = folder / 'work'
    train(config, TrainOptions(work_dir=str(work_dir), test=False))
    (path,) = work_dir.glob('*/vis_data/scalars.json')
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows = [row for row in rows if 'data_time' in row]
    assert len(rows) == 8
    (log,) = work_dir.glob('*/*.log')
    found = re.findall(
        r'Epoch\(train\).* time: ([\d.]+)  data_time: ([\d.]+)',
        log.read_text(),
    )
    for row, (whole, wait) in zip(rows, found, strict=True):
        assert float(whole) == pytest.approx(row['time'], abs=6e-5)
        assert float(wait) == pytest.approx(row['data_time'], abs=6e-5)
    return [r['data_time'] for r in rows[1:]], [r['time'] for r in rows[1:]]


def test_without_workers_it_is_the_time_of_a_batch(tmp_path: Path):
    waits, whole = logged(tmp_path, workers=0, batch=0.06, step=0.1)
    assert min(waits) > 0.059
    assert statistics.median(waits) < 0.06 + 0.05
    # And no part of it is the step's.
    assert all(t > w + 0.099 for w, t in zip(waits, whole, strict=True))


def test_a_worker_hides_what_the_step_takes(tmp_path: Path):
    """The next batch is read meanwhile: what is left is the difference."""
    waits, _ = logged(tmp_path, workers=1, batch=0.16, step=0.08)
    assert 0.03 < statistics.median(waits) < 0.16 - 0.03


def test_a_worker_hides_all_of_it_behind_a_longer_step(tmp_path: Path):
    waits, whole = logged(tmp_path, workers=1, batch=0.06, step=0.12)
    assert statistics.median(waits) < 0.03
    assert min(whole) > 0.119
