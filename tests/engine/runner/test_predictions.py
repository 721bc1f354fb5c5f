"""Predictions are kept whole, and become plain data for JSON."""

import json
import pickle

import numpy as np
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData

from trimodal.engine.runner.predictions import PredictionCollector, to_plain
from trimodal.structures import TriModalDataSample


def test_collector():
    collector = PredictionCollector()
    samples = [{'x': torch.ones(2, requires_grad=True), 'y': [1, ('a',)]}]
    collector.process(None, samples)
    assert collector.evaluate(size=1) == {}
    (kept,) = collector.predictions
    assert not kept['x'].requires_grad
    assert kept['y'] == [1, ('a',)]


def test_a_row_is_kept_without_its_batch():
    scores = torch.rand(64, 100)
    collector = PredictionCollector()
    collector.process(None, [{'pred_score': row} for row in scores])
    assert len(pickle.dumps(collector.results)) < 2 * scores.nbytes


def test_every_task_in_json():
    """As mmengine's evaluator hands samples to a metric."""
    sample = TriModalDataSample(
        metainfo={'sample_id': 'a', 'ori_shape': (4, 6), 'group': None}
    )
    sample.set_pred_score([0.5, 0.75], threshold=0.5).set_gt_label([])
    sample.set_pred_value([1.5, 2]).set_pred_text('hi').set_gt_text('')
    boxes = {
        'bboxes': torch.tensor([[1.0, 2, 3, 4]]),
        'labels': torch.tensor([1]),
        'scores': torch.tensor([0.5]),
    }
    sample.set_pred_instances(InstanceData(**boxes))
    nothing = {key: value[:0] for key, value in boxes.items()}
    sample.set_gt_instances(InstanceData(**nothing))
    collector = PredictionCollector()
    evaluator = Evaluator(collector)
    evaluator.process([sample])
    evaluator.evaluate(1)
    (found,) = json.loads(json.dumps(to_plain(collector.predictions)))
    first, *others = found
    assert first == 'sample_id'
    assert others == sorted(others)
    assert found == {
        'sample_id': 'a',
        'ori_shape': [4, 6],
        'group': None,
        'label_threshold': 0.5,
        'pred_score': [0.5, 0.75],
        'pred_label': [0, 1],
        'gt_label': [],
        'pred_value': [1.5, 2],
        'pred_text': 'hi',
        'gt_text': '',
        'pred_instances': {
            'bboxes': [[1, 2, 3, 4]],
            'labels': [1],
            'scores': [0.5],
        },
        'gt_instances': {'bboxes': [], 'labels': [], 'scores': []},
    }


def test_to_plain():
    content = {
        'score': torch.tensor([0.5, 1.0]),
        1: (np.float32(0.25), None, True),
        'shape': torch.Size([2, 3]),
        'path': np.array([1, 2]),
        'other': slice(1),
    }
    plain = to_plain(content)
    assert plain == {
        'score': [0.5, 1.0],
        '1': [0.25, None, True],
        'shape': [2, 3],
        'path': [1, 2],
        'other': 'slice(None, 1, None)',
    }
    json.dumps(plain)
