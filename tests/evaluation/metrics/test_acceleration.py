import math

import numpy as np
import pytest
import torch

from trimodal.evaluation import AccelerationError


def sample(name, pred, target=None, group=None) -> dict:
    made = {
        'sample_id': name,
        'group': group,
        'pred_value': torch.tensor(pred),
    }
    if target is not None:
        made['gt_value'] = torch.tensor(target)
    return made


def run(metric, *samples) -> dict:
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def test_sequences_within_samples():
    """One landmark with one coordinate; the second sample's is at rest."""
    metric = AccelerationError(num_joints=1, dims=1)
    result = run(
        metric,
        sample('a', [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, float('nan')]),
        sample('b', [2.0, 2.0, 2.0], [2.0, 2.0, 2.0]),
        sample('c', [5.0, 6.0, 8.0]),
    )
    # Accelerations: a -2 (truly 1) and 1 (unknown), b 0 (0), c 1 (unknown).
    assert result == {
        'motion/error': 3 / 2,
        'motion/jitter': (2 + 1 + 0 + 1) / 4,
    }


def test_sequences_of_a_group():
    """A frame a sample; the order is that of the ids."""
    frames = np.random.default_rng(0).normal(size=(2, 12, 2, 3))
    pred, target = frames.astype(np.float32)
    samples = [
        sample(f'{i}', pred[i].ravel(), target[i].ravel(), 'ab'[i // 11])
        for i in range(12)
    ]
    samples.append(sample('x', pred[0].ravel()))
    metric = AccelerationError(num_joints=2, dims=3, over='group')
    result = run(metric, *samples[5:], *samples[:5])
    change = np.diff(pred - target, 2, axis=0)[:9]
    assert result == {
        'motion/error': pytest.approx(
            np.linalg.norm(change, axis=2).mean(), rel=1e-6
        ),
        'motion/jitter': pytest.approx(
            np.linalg.norm(np.diff(pred, 2, axis=0)[:9], axis=2).mean(),
            rel=1e-6,
        ),
        'motion/ungrouped': 1,
    }


def test_a_gap_in_the_annotation():
    """A sample without annotation is not skipped, but a gap."""
    metric = AccelerationError(num_joints=1, dims=1, over='group')
    result = run(
        metric,
        *(
            sample(f'{i}', [0.0], None if i == 2 else [float(i)], 'a')
            for i in range(5)
        ),
    )
    assert math.isnan(result['motion/error'])
    assert result['motion/jitter'] == 0


def test_too_short_is_nan():
    short = sample('a', [0.0, 1.0], [0.0, 1.0])
    for over in ('sample', 'group'):
        metric = AccelerationError(1, 1, over)
        result = run(metric, short)
        assert math.isnan(result['motion/error'])
        assert math.isnan(result['motion/jitter'])


def test_refuses():
    with pytest.raises(ValueError, match="over must be 'sample' or 'group'"):
        AccelerationError(over='clip')
    with pytest.raises(ValueError, match='num_joints must be 1 or more'):
        AccelerationError(num_joints=0)
    with pytest.raises(ValueError, match="sample 'a' has no 'pred_value'"):
        run(AccelerationError(), {'sample_id': 'a'})
    with pytest.raises(ValueError, match="'a': 2 frames in pred_value, 1 in"):
        run(AccelerationError(1, 1), sample('a', [0.0, 1.0], [0.0]))
