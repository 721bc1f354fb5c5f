import pickle

import pytest
import torch

from trimodal.evaluation import SingleLabelMetric
from trimodal.evaluation.metrics.base import LabelRecord, split_labelled


def test_one_record_a_sample_also_without_label(samples):
    metric = SingleLabelMetric()
    metric.process(None, samples([[0, 1], [1, 0]], [1, None]))
    assert metric.results == [
        LabelRecord(1, 1, None, 2, ('speech',)),
        LabelRecord(None, None, None, None, ('speech',)),
    ]
    assert pickle.loads(pickle.dumps(metric.results)) == metric.results
    labelled, counted = split_labelled(metric.results)
    assert len(labelled) == 1
    assert counted == {'unlabelled': 1}


def test_missing_prediction_names_the_sample():
    metric = SingleLabelMetric()
    with pytest.raises(ValueError, match="'a' has a label but no 'pred_la"):
        metric.process(
            None, [{'sample_id': 'a', 'gt_label': torch.tensor([0])}]
        )


def test_several_labels_are_refused():
    metric = SingleLabelMetric()
    with pytest.raises(ValueError, match="2 values in 'gt_label'"):
        metric.process(None, [{'gt_label': torch.tensor([0, 1])}])


def test_class_names():
    metric = SingleLabelMetric()
    records = [LabelRecord(0, 1, None, 3, ())]
    assert metric.class_names(records) == ['0', '1', '2']
    assert metric.class_names([LabelRecord(0, 1, None, None, ())]) == [
        '0',
        '1',
    ]
    metric.dataset_meta = {'classes': ('cat', 'dog')}
    assert metric.class_names(records) == ['cat', 'dog']
