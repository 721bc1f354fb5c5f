"""An offline run, read back from the file that `wandb sync` uploads."""

import json
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.tiny_fusion import write_fusion
from trimodal.engine.runner import TrainOptions, train
from trimodal.visualization.backends import WandbVisBackend

pytest.importorskip('wandb', reason='wandb is optional')

RUN = """
train_cfg['max_epochs'] = 2
visualizer['vis_backends'] = [dict(
    type='WandbVisBackend',
    init_kwargs=dict(mode='offline', project='trimodal-tests'))]
custom_hooks = [
    dict(type='RunInfoHook'), dict(type='LearningRateMonitorHook', interval=3)]
"""


def chunks_of(data: bytes) -> Iterator[bytes]:
    """The records of a log in LevelDB's form, after a head of 7 bytes.

    In blocks of 32 KiB: checksum (4 bytes), length (2), kind (1: whole, 2 to
    4: first, middle and last part), content; what is left of a block that
    has no place for this is empty.
    """
    at, whole = 7, b''
    while at + 7 <= len(data):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        length, kind = struct.unpack('<HB', data[at + 4 : at + 7])
        whole += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):
            yield whole
            whole = b''


def records_of(folder: Path) -> list[Any]:
    """Everything in the run's file, which another process may still write."""
    from wandb.proto.wandb_internal_pb2 import Record

    (path,) = folder.glob('**/offline-run-*/run-*.wandb')
    for _ in range(300):
        chunks = chunks_of(path.read_bytes())
        records = [Record.FromString(chunk) for chunk in chunks]
        if any(record.HasField('exit') for record in records):
            return records
        time.sleep(0.1)
    raise AssertionError(f'{path} has no end')


def history_of(records: list[Any]) -> list[dict]:
    return [
        {
            item.key or '.'.join(item.nested_key): json.loads(item.value_json)
            for item in record.history.item
        }
        for record in records
        if record.WhichOneof('record_type') == 'history'
    ]


def config_of(records: list[Any]) -> dict:
    found = {}
    for record in records:
        kind = record.WhichOneof('record_type')
        if kind in ('config', 'run'):
            item = record.config if kind == 'config' else record.run.config
            for update in item.update:
                key = update.key or '.'.join(update.nested_key)
                found[key] = json.loads(update.value_json)
    return found


def test_a_run_offline(tmp_path: Path, monkeypatch):
    """Two epochs of 6 iterations, and the test of what was trained."""
    monkeypatch.setenv('WANDB_SILENT', 'true')
    config = write_fusion(tmp_path, 'run', RUN)
    assert train(config, TrainOptions(work_dir=str(tmp_path / 'run')))
    records = records_of(tmp_path / 'run')
    history = history_of(records)
    losses = [(row['iter'], row['loss']) for row in history if 'loss' in row]
    assert [at for at, _ in losses] == [2, 4, 6, 8, 10, 12]
    # Validations stand at the iteration they come after, the test at that of
    # the best weights, which is the first of equals.
    values = {}
    for kind, steps in (('val', [6, 12]), ('test', None)):
        scores = [row for row in history if f'{kind}/accuracy/top1' in row]
        values[kind] = {r['iter']: r[f'{kind}/accuracy/top1'] for r in scores}
        assert steps in (None, list(values[kind]))
        assert all(f'{kind}/time' in row for row in scores)
    best = max(values['val'], key=lambda step: values['val'][step])
    assert values['test'] == {best: values['val'][best]}
    # Those of the training by themselves.
    times = [row['iter'] for row in history if 'time' in row]
    assert times == [2, 4, 6, 8, 10, 12]
    rates = [row for row in history if 'lr/all' in row]
    assert [(row['iter'], row['lr/all']) for row in rates] == [
        *((3, 0.1), (6, 0.1), (9, 0.1), (12, 0.1))
    ]
    config = config_of(records)
    assert config['model']['type'] == 'TriModalFusionModel'
    assert config['run_info']['seed'] == 0
    assert config['run_info']['packages']['torch']
    metrics = [r.metric for r in records if r.HasField('metric')]
    assert any(m.glob_name == '*' and m.step_metric == 'iter' for m in metrics)


def test_pictures_and_what_comes_after_the_end(tmp_path: Path, monkeypatch):
    monkeypatch.setenv('WANDB_SILENT', 'true')
    backend = WandbVisBackend(str(tmp_path), {'mode': 'offline'})
    backend.add_scalars({'loss': float('nan'), 'iter': 5})
    backend.add_image('val/first', np.zeros((4, 6, 3), np.uint8), step=1)
    backend.close()
    backend.close()
    backend.add_scalar('late', 1.0)
    backend.add_run_info({'late': 1})
    history = history_of(records_of(tmp_path))
    assert [row['iter'] for row in history] == [5, 5]
    assert history[1]['val/first._type'] == 'image-file'
    assert len(list(tmp_path.glob('**/media/images/val/*.png'))) == 1


def test_one_that_was_never_used_is_closed_quietly(tmp_path: Path):
    WandbVisBackend(str(tmp_path)).close()
    assert not list(tmp_path.iterdir())
