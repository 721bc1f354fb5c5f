import json
import pickle

import pytest
import torch
from mmengine.structures import InstanceData

from trimodal.apis.predictions import (
    format_predictions,
    to_prediction,
    write_predictions,
)
from trimodal.structures import TriModalDataSample


def sample() -> TriModalDataSample:
    made = TriModalDataSample(
        metainfo={'sample_id': 'a', 'present': ('speech',)}
    )
    made.modality_weights = torch.tensor([0.0, 1.0])
    return made.set_pred_score([0.25, 0.75])


def test_classification():
    plain = to_prediction(
        sample(), ('image', 'speech'), {'classes': ('zero', 'one')}
    )
    assert plain == {
        'sample_id': 'a',
        'present': ['speech'],
        'pred_label': 1,
        'pred_class': 'one',
        'pred_score': 0.75,
        'pred_scores': [0.25, 0.75],
        'modality_weights': {'image': 0.0, 'speech': 1.0},
    }
    assert json.loads(json.dumps(plain)) == plain


def test_without_class_names():
    assert to_prediction(sample(), 'ab', {})['pred_class'] == '1'


def test_other_tasks():
    made = TriModalDataSample().set_pred_value([1.5]).set_pred_text('hi')
    made.set_pred_instances(
        InstanceData(
            bboxes=torch.tensor([[1.0, 2, 3, 4]]),
            labels=torch.tensor([1]),
            scores=torch.tensor([0.5]),
        )
    )
    plain = to_prediction(made, (), {'detection_classes': ('cup', 'key')})
    assert plain == {
        'sample_id': None,
        'present': [],
        'pred_value': [1.5],
        'pred_text': 'hi',
        'pred_instances': {
            'bboxes': [[1.0, 2.0, 3.0, 4.0]],
            'labels': [1],
            'scores': [0.5],
            'classes': ['key'],
        },
    }
    line = format_predictions([plain]).splitlines()[2]
    assert 'hi, 1.5, 1 boxes' in line
    assert 'nothing' in line


def test_write(tmp_path):
    plain = [to_prediction(sample(), 'ab', {'classes': ('零', '一')})]
    write_predictions(plain, tmp_path / 'deep' / 'a.json')
    text = (tmp_path / 'deep' / 'a.json').read_text(encoding='utf-8')
    assert json.loads(text) == plain
    assert '一' in text
    write_predictions(plain, tmp_path / 'a.pkl')
    assert pickle.loads((tmp_path / 'a.pkl').read_bytes()) == plain
    with pytest.raises(ValueError, match=r'must end in \.json or \.pkl'):
        write_predictions(plain, tmp_path / 'a.txt')
