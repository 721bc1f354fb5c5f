"""Two processes must give the figures of one, whatever the size."""

import json
import socket
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from mmengine.dataset import DefaultSampler
from mmengine.evaluator import Evaluator

from tests.evaluation.functional.boxes import random_boxes
from trimodal.evaluation import (
    AccelerationError,
    Accuracy,
    CalibrationError,
    CocoMetric,
    ConfusionMatrix,
    LabelFlipRate,
    LandmarkMetric,
    MultiLabelMetric,
    PerClassTable,
    RegressionMetric,
    RocAuc,
    SingleLabelMetric,
    TextMetric,
)

METRICS_OF_TEXT = ('wer', 'cer', 'bleu', 'chrf')
VALUES = 4
SIZES = (1, 8, 13)  # odd, even, fewer samples than processes


def _data(size: int) -> list[dict]:
    rng = np.random.default_rng(size)
    scores = torch.from_numpy(rng.random((size, 3)))
    boxes = zip(*random_boxes(size), strict=True)
    made = []
    for i, (found, true) in enumerate(boxes):
        sample = {
            'sample_id': str(i),
            'group': str(i // 5),
            'pred_score': scores[i],
            'pred_label': scores[i].argmax().reshape(1),
            'present': ('speech',) if i % 2 else ('speech', 'image'),
            'pred_value': torch.from_numpy(rng.random(VALUES)),
            'pred_text': str(rng.integers(10**6)),
            'pred_instances': {
                'bboxes': torch.from_numpy(found.bboxes),
                'labels': torch.from_numpy(found.labels),
                'scores': torch.from_numpy(found.scores),
            },
        }
        if i % 5 != 3:
            sample['gt_label'] = torch.tensor([int(rng.integers(3))])
            sample['gt_value'] = torch.from_numpy(rng.random(VALUES))
            sample['gt_text'] = str(rng.integers(10**6))
            sample['gt_instances'] = {
                'bboxes': torch.from_numpy(true.bboxes),
                'labels': torch.from_numpy(true.labels),
            }
        made.append(sample)
    return made


def _evaluate(size: int, folder: Path) -> dict:
    data = _data(size)
    shared = str(folder / 'exchange')
    out = str(folder / 'out')
    evaluator = Evaluator(
        [
            Accuracy(topk=(1, 2), group_by='present', collect_dir=shared),
            # Through the process group, for nodes without a shared folder.
            Accuracy(prefix='gathered', collect_device='gpu'),
            SingleLabelMetric(average=None, collect_dir=shared),
            SingleLabelMetric(prefix='macro', collect_dir=shared),
            ConfusionMatrix(out_dir=out, collect_dir=shared),
            PerClassTable(out_dir=out, collect_dir=shared),
            RegressionMetric(per_output=True, collect_dir=shared),
            TextMetric(METRICS_OF_TEXT, collect_dir=shared),
            RocAuc(per_class=True, collect_dir=shared),
            CalibrationError(collect_dir=shared),
            MultiLabelMetric(collect_dir=shared),
            LandmarkMetric(2, 2, collect_dir=shared),
            AccelerationError(2, 2, 'group', collect_dir=shared),
            LabelFlipRate(collect_dir=shared),
            CocoMetric(collect_dir=shared),
        ]
    )
    # The very sampler of a validation: it repeats a sample where the data
    # set's size is odd.
    for index in DefaultSampler(data, shuffle=False):
        evaluator.process([data[index]])
    result = evaluator.evaluate(size)
    files = sorted((folder / 'out').glob('*.csv'))
    return {'result': result, 'files': [f.read_text() for f in files]}


def _work(rank: int, port: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        'gloo',
        init_method=f'tcp://127.0.0.1:{port}',
        rank=rank,
        world_size=2,
    )
    found = {size: _evaluate(size, Path(folder) / f'{size}') for size in SIZES}
    dist.barrier()
    (Path(folder) / f'rank{rank}.json').write_text(json.dumps(found))
    dist.destroy_process_group()


@pytest.fixture(scope='module')
def ranks(tmp_path_factory) -> list[dict]:
    folder = tmp_path_factory.mktemp('ranks')
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    mp.spawn(_work, args=(port, str(folder)), nprocs=2)
    return [
        json.loads((folder / f'rank{rank}.json').read_text())
        for rank in range(2)
    ]


@pytest.mark.parametrize('size', SIZES)
def test_two_processes_equal_one(ranks, size, tmp_path):
    alone = json.loads(json.dumps(_evaluate(size, tmp_path)))
    assert alone['result']
    assert len(alone['files']) == 2
    result = alone['result']
    assert result['gathered/top1'] == result['accuracy/top1']
    # As text, since a NaN is no other NaN.
    first, second = (rank[str(size)] for rank in ranks)
    assert json.dumps(first) == json.dumps(alone)
    assert json.dumps(second['result']) == json.dumps(result)
