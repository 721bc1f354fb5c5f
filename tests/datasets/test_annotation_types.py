import json

import numpy as np
import pytest

from trimodal.datasets.annotation_types import (
    AnnotationError,
    Fault,
    SampleAnnotation,
)


def boxed(value: float = 1.0) -> SampleAnnotation:
    return SampleAnnotation(
        'a',
        bboxes=np.array([[value, 2, 3, 4]], np.float32),
        bbox_labels=np.array([1]),
        bbox_scores=np.array([0.5], np.float32),
    )


def test_to_json_has_what_is_known_and_no_more():
    sample = SampleAnnotation(
        'a',
        group='g',
        label=0,
        transcription='',
        target=(0.5, 2.0),
        media={'speech_path': 'a.wav'},
        metadata={'fps': 30},
    )
    assert sample.to_json() == {
        'id': 'a',
        'group': 'g',
        'speech_path': 'a.wav',
        'label': 0,
        'transcription': '',
        'target': [0.5, 2.0],
        'metadata': {'fps': 30},
    }
    assert SampleAnnotation('a').to_json() == {'id': 'a'}


def test_to_json_tells_no_boxes_from_boxes_unknown():
    none = SampleAnnotation(
        'a', bboxes=np.zeros((0, 4)), bbox_labels=np.zeros(0, int)
    )
    assert none.to_json() == {'id': 'a', 'bounding_boxes': []}


def test_boxes_become_plain_json():
    line = json.loads(json.dumps(boxed().to_json()))
    assert line['bounding_boxes'] == [
        {'class': 1, 'bbox': [1, 2, 3, 4], 'confidence': 0.5}
    ]


def test_crowds_are_told_where_there_are_any():
    boxes = np.array([[1, 2, 3, 4], [1, 2, 5, 6]], np.float32)
    sample = SampleAnnotation(
        'a',
        bboxes=boxes,
        bbox_labels=np.array([0, 1]),
        bbox_crowds=np.array([False, True]),
        ori_shape=(10, 20),  # the image tells it
    )
    assert sample.to_json()['bounding_boxes'] == [
        {'class': 0, 'bbox': [1, 2, 3, 4]},
        {'class': 1, 'bbox': [1, 2, 5, 6], 'crowd': True},
    ]
    assert set(sample.to_json()) == {'id', 'bounding_boxes'}


def test_equality_compares_arrays_by_value():
    assert boxed() == boxed()
    assert boxed() != boxed(1.5)
    assert boxed() != 'a'
    assert len({boxed(), boxed()}) == 1


def test_fault_names_sample_field_value_and_reason():
    fault = Fault('a', 'label', 7, 'must be 0..1')
    assert str(fault) == "sample 'a': label = 7: must be 0..1"
    assert str(Fault('', 'file', 'x', 'gone')) == "file = 'x': gone"
    assert len(str(Fault('a', 'f', 'x' * 500, 'long'))) < 130


def test_error_lists_every_fault():
    faults = [Fault('a', 'label', 7, 'r1'), Fault('b', 'id', None, 'r2')]
    with pytest.raises(ValueError, match=r'(?s)x\.json: 2 fault.*r1.*r2'):
        raise AnnotationError('x.json', faults)
