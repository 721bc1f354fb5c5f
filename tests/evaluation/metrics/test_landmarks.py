import math

import numpy as np
import pytest

from trimodal.evaluation import LandmarkMetric
from trimodal.structures import TriModalDataSample

HAND = np.array([[0, 0], [10, 0], [5, 4]], dtype=np.float32)
UP = np.array([0, 1.5], dtype=np.float32)


def sample(pred, target=None, name='a') -> dict:
    made = TriModalDataSample(metainfo={'sample_id': name})
    made.set_pred_value(np.ravel(pred).astype(np.float32))
    if target is not None:
        made.set_gt_value(np.ravel(target).astype(np.float32))
    return made.to_dict()


def run(metric, *samples) -> dict:
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def test_figures_of_hands_and_sequences():
    """One hand that is right, and three frames, one of them 1.5 off."""
    metric = LandmarkMetric(num_joints=3, thresholds=(0.1, 0.2))
    frames = np.stack([HAND, HAND + UP, HAND])
    masked = np.stack([HAND, HAND, np.full_like(HAND, np.nan)])
    result = run(
        metric, sample(HAND, HAND), sample(frames, masked), sample(HAND)
    )
    assert result == {
        'landmarks/mpjpe': 0.5,
        'landmarks/pck@0.1': pytest.approx(2 / 3),
        'landmarks/pck@0.2': 1,
        'landmarks/unannotated': 1,
    }


def test_size_of_the_hand_by_two_landmarks():
    metric = LandmarkMetric(3, thresholds=(0.2,), reference=(0, 2))
    result = run(metric, sample(HAND + UP, HAND))
    # 1.5 of 6.4 is more than a fifth, but not of the box's 10.
    assert result == {'landmarks/mpjpe': 1.5, 'landmarks/pck@0.2': 0}


def test_nothing_annotated_is_nan():
    result = run(LandmarkMetric(3), sample(HAND))
    assert result.pop('landmarks/unannotated') == 1
    assert len(result) == 3
    assert all(math.isnan(value) for value in result.values())


def test_refuses_data():
    with pytest.raises(ValueError, match=r"'b': pred_value has 6 .* 21 \* 2"):
        run(LandmarkMetric(), sample(HAND, HAND, 'b'))
    with pytest.raises(ValueError, match="'a': 2 hands or frames in pred_v"):
        run(LandmarkMetric(3), sample(np.stack([HAND] * 2), HAND))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'num_joints': 0}, 'num_joints must be 1 or more, got 0'),
        ({'dims': -1}, 'dims must be 1 or more, got -1'),
        ({'reference': (0, 0)}, 'two different landmarks from 0 to 20'),
        ({'reference': (0, 21)}, 'two different landmarks'),
        ({'reference': (0, 1, 2)}, 'two different landmarks'),
        ({'thresholds': (0.1, 0)}, 'thresholds must be above 0'),
    ],
)
def test_refuses_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        LandmarkMetric(**arguments)
