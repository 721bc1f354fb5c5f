"""Predictions are kept whole, and become plain data for JSON."""

import json

import numpy as np
import torch

from trimodal.engine.runner.predictions import PredictionCollector, to_plain


def test_collector():
    collector = PredictionCollector()
    samples = [{'x': torch.ones(2, requires_grad=True), 'y': [1, ('a',)]}]
    collector.process(None, samples)
    assert collector.evaluate(size=1) == {}
    (kept,) = collector.predictions
    assert not kept['x'].requires_grad
    assert kept['y'] == [1, ('a',)]


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
