import numpy as np
import torch

from trimodal.engine.runner.summary import format_metrics


def test_every_task_a_line_a_figure():
    table = format_metrics(
        {
            'coco/AP50': 0.5,
            'regression/mse': 12345.67891,
            'roc-auc/macro': float('nan'),
            'accuracy/unlabelled': 3,
            'matrix': [[1, 2]],
            'single-label/support': np.int64(7),
            'loss': torch.tensor(0.25),
        }
    )
    assert table.splitlines() == [
        '| metric               | value      |',
        '|----------------------|------------|',
        '| coco/AP50            | 0.5000     |',
        '| regression/mse       | 12345.6789 |',
        '| roc-auc/macro        | nan        |',
        '| accuracy/unlabelled  | 3          |',
        '| single-label/support | 7          |',
        '| loss                 | 0.2500     |',
    ]
