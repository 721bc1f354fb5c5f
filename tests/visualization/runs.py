"""Work folders as mmengine 0.10.7 leaves them."""

import json
from pathlib import Path

STEP = {'lr': 0.1, 'data_time': 0.01, 'time': 0.02}


def train(epoch: int, iteration: int, loss: float) -> dict:
    return {**STEP, 'loss': loss, 'epoch': epoch, 'iter': iteration} | {
        'step': iteration
    }


def val(epoch: int, top1: float) -> dict:
    return {'accuracy/top1': top1, 'data_time': 0.1, 'step': epoch}


def write(
    folder: Path, start: str, records: list[dict], tail: str = ''
) -> None:
    """The lines that LocalVisBackend writes of a start."""
    path = folder / start / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True)
    lines = ''.join(json.dumps(record) + '\n' for record in records)
    path.write_text(lines + tail)


def write_run(folder: Path) -> Path:
    """Two epochs of two logged steps; killed while a line was written."""
    records = [
        train(1, 5, 2.0),
        train(1, 10, 1.5),
        val(1, 0.5),
        train(2, 15, 1.2),
        train(2, 20, 1.0),
        val(2, float('nan')),
    ]
    write(folder, '20260101_000000', records, tail='{"loss": 0.9, "ep')
    return folder
