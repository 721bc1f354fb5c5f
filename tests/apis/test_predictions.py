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
    made.set_pred_text_score(-0.25)
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
        'pred_text_score': -0.25,
        'pred_instances': {
            'bboxes': [[1.0, 2.0, 3.0, 4.0]],
            'labels': [1],
            'scores': [0.5],
            'classes': ['key'],
        },
    }
    line = format_predictions([plain]).splitlines()[2]
    assert line == '| None   | hi, 1.5, 1 box: key 0.50 | nothing |'


def test_several_classes():
    """Of a model of which a sample may be of any number of classes."""
    made = TriModalDataSample(metainfo={'present': ('speech',)})
    answers = []
    for scores in ([0.9, 0.2, 0.6], [0.1, 0.8, 0.1], [0.1, 0.1, 0.1]):
        plain = to_prediction(
            made.set_pred_score(scores, threshold=0.5),
            (),
            {'classes': ('a', 'b', 'c')},
        )
        assert plain['pred_scores'] == pytest.approx(scores)
        assert 'pred_label' not in plain
        answers.append(plain)
    assert [p['pred_labels'] for p in answers] == [[0, 2], [1], []]
    assert [p['pred_classes'] for p in answers] == [['a', 'c'], ['b'], []]
    lines = format_predictions(answers).splitlines()
    assert lines[0] == '| sample | predicted | present |'
    assert [line.split('|')[2].strip() for line in lines[2:]] == [
        'a + c',
        'b',
        'no class',
    ]


def test_the_best_boxes_and_the_first_values_are_listed():
    made = TriModalDataSample().set_pred_value(torch.arange(42.0) / 2)
    made.set_pred_instances(
        InstanceData(
            bboxes=torch.zeros(7, 4),
            labels=torch.tensor([0, 1, 1, 0, 1, 0, 1]),
            scores=torch.tensor([0.1, 0.9, 0.4, 0.8, 0.5, 0.6, 0.29]),
        )
    )
    meta = {'detection_classes': ('cup', 'key')}
    plain = to_prediction(made, (), meta)
    assert len(plain['pred_instances']['bboxes']) == 7
    line = format_predictions([plain]).splitlines()[2]
    assert '0, 0.5, 1, 1.5, …, 5 boxes: key 0.90, cup 0.80, cup 0.60, ' in line
    assert 'key 0.50, …' in line
    none = made.new()
    none.set_pred_instances(made.pred_instances[:1])
    plain = to_prediction(none, (), meta)
    assert '…, 0 boxes |' in format_predictions([plain])


def test_no_boxes_at_all():
    made = TriModalDataSample(metainfo={'sample_id': 'a'})
    made.set_pred_instances(
        InstanceData(
            bboxes=torch.zeros(0, 4),
            labels=torch.zeros(0, dtype=torch.int64),
            scores=torch.zeros(0),
        )
    )
    plain = to_prediction(made, (), {})
    assert plain['pred_instances']['classes'] == []
    assert format_predictions([plain]).splitlines()[2].split('|')[2] == (
        ' 0 boxes   '
    )


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
