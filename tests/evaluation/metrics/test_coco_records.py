import json

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from trimodal.evaluation.functional import Boxes
from trimodal.evaluation.metrics.coco_records import (
    BoxRecord,
    categories_of,
    images_of,
    record_of,
    write_files,
)
from trimodal.evaluation.reports import reports_of
from trimodal.structures import TriModalDataSample


def sample(**options) -> dict:
    """As mmengine's Evaluator gives it."""
    made = TriModalDataSample(
        metainfo={
            'sample_id': 'a',
            'ori_shape': (60, 40),
            'img_shape': (30, 10),
            **options,
        }
    )
    boxes = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    label = torch.tensor([1])
    made.set_gt_instances(InstanceData(bboxes=boxes, labels=label))
    made.set_pred_instances(
        InstanceData(
            bboxes=boxes.bfloat16(), labels=label, scores=torch.tensor([0.5])
        )
    )
    return made.to_dict()


def test_truth_is_scaled_to_the_size_on_disk():
    record = record_of(sample())
    assert record.sample_id == 'a'
    assert record.shape == (60, 40)
    assert record.true.bboxes.tolist() == [[4, 4, 12, 8]]
    assert record.true.crowds is None
    assert record.predicted.bboxes.tolist() == [[1, 2, 3, 4]]
    assert record.predicted.scores.tolist() == [0.5]


def test_without_shapes_nothing_is_scaled():
    given = sample()
    del given['ori_shape']
    record = record_of(given)
    assert record.shape is None
    assert record.true.bboxes.tolist() == [[1, 2, 3, 4]]


def test_crowds():
    given = sample()
    given['gt_instances']['crowds'] = torch.tensor([True])
    assert record_of(given).true.crowds.tolist() == [True]


def test_what_nothing_is_asked_of_keeps_nothing():
    given = sample()
    del given['gt_instances']
    record = record_of(given)
    assert (record.predicted, record.true) == (None, None)
    assert record_of(given, always=True).predicted is not None
    assert record_of(sample(), False, True).true is None


@pytest.mark.parametrize('with_truth', [False, True])
def test_no_prediction(with_truth):
    given = sample()
    del given['pred_instances']
    with pytest.raises(ValueError, match="sample 'a' has no 'pred_inst"):
        record_of(given, with_truth, always=not with_truth)


def records(*names: str) -> list[BoxRecord]:
    boxes = Boxes(np.zeros((2, 4)), np.array([0, 3]), np.zeros(2))
    return [BoxRecord(name, (30, 40), boxes, None) for name in names]


def test_images():
    assert images_of(records('7', '3')) == [
        {'id': 7, 'file_name': '7', 'height': 30, 'width': 40},
        {'id': 3, 'file_name': '3', 'height': 30, 'width': 40},
    ]
    # Names, or the same number twice, are counted.
    for names in (('7', 'b'), ('7', '7'), ('7', '07')):
        assert [i['id'] for i in images_of(records(*names))] == [1, 2]


def test_categories():
    metainfo = {'detection_classes': ('cup', 'key')}
    assert categories_of([], metainfo) == [
        {'id': 1, 'name': 'cup'},
        {'id': 2, 'name': 'key'},
    ]
    metainfo['detection_category_ids'] = [9, 2]
    assert [c['id'] for c in categories_of([], metainfo)] == [9, 2]
    unnamed = categories_of(records('a'), {})
    assert [c['name'] for c in unnamed] == ['0', '1', '2', '3']
    assert categories_of([], {}) == []


def test_files_of_parts(tmp_path):
    prefix = str(tmp_path / 'a')
    for part in ('speech', 'speech+image', None):
        with reports_of(part):
            write_files(prefix, [{'part': part}], None)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [
        'a.bbox.json',
        'speech+image_a.bbox.json',
        'speech_a.bbox.json',
    ]
    (speech,) = json.loads((tmp_path / 'speech_a.bbox.json').read_text())
    assert speech == {'part': 'speech'}


def test_files(tmp_path, monkeypatch):
    found = [{'image_id': 1, 'score': 0.5}]
    prefix = tmp_path / 'new' / 'a.b'
    write_files(str(prefix), found, {'annotations': []})
    assert [p.name for p in prefix.parent.iterdir()] == ['a.b.bbox.json']
    assert json.loads((prefix.parent / 'a.b.bbox.json').read_text()) == found
    write_files(str(prefix), [], {'annotations': [1]})
    assert json.loads((prefix.parent / 'a.b.bbox.json').read_text()) == []
    assert (prefix.parent / 'a.b.gt.json').is_file()
    # A bare name without a log.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        'trimodal.evaluation.metrics.coco_records.report_path',
        lambda *names: None,
    )
    write_files('bare', found, None)
    assert (tmp_path / 'bare.bbox.json').is_file()
