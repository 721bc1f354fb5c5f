"""A work folder with all that a report reads."""

import json
from pathlib import Path

from tests.visualization.runs import write_run

CONFIG = """
train_cfg = dict(max_epochs=2)
model = dict(type='TriModalFusionModel',
             encoders=dict(a=dict(type='ToyEncoder')),
             fusion=dict(type='ConcatFusion'))
optim_wrapper = dict(type='AmpOptimWrapper', clip_grad=dict(max_norm=1.0),
                     optimizer=dict(type='SGD', lr=0.1))
train_dataloader = dict(batch_size=4)
randomness = dict(seed=7)
"""
LOG = """2026/01/01 00:00:00 - mmengine - INFO -
------------------------------------------------------------
System environment:
    sys.platform: linux
    PyTorch: 2.14.1
    PyTorch compiling details: PyTorch built with:
  - GCC 13.3

Runtime environment:
    seed: 7
------------------------------------------------------------

2026/01/01 00:01:00 - mmengine - INFO - Load checkpoint from /w/best_e1.pth
| metric | value |
"""
METRICS = {
    'accuracy/top1': 0.75,
    'time': 0.1,
    'confusion': [[1, 2]],
    'a/accuracy/top1': 0.5,
    'a+b/accuracy/top1': 0.75,
}


def write_folder(folder: Path) -> Path:
    """Write a run of two epochs, tested with subsets."""
    write_run(folder)
    start = folder / '20260101_000000'
    (start / 'vis_data' / 'config.py').write_text(CONFIG)
    (start / f'{start.name}.log').write_text(LOG)
    (start / f'{start.name}.json').write_text(json.dumps(METRICS))
    (folder / 'epoch_2.pth').write_bytes(b'0' * 2**20)
    (folder / 'last_checkpoint').write_text(f'{folder}/epoch_2.pth')
    return folder
