import pickle

import numpy as np
import pytest

from tests.datasets.packed.samples import make_annotation
from trimodal.datasets.annotations import SampleAnnotation
from trimodal.datasets.packed.columns import AnnotationTable


@pytest.fixture
def table() -> AnnotationTable:
    return AnnotationTable.of(make_annotation(i) for i in range(12))


def test_annotations_come_back_whole(table: AnnotationTable):
    assert len(table) == 12
    for i in range(12):
        assert table.annotation(i) == make_annotation(i)


def test_empty_boxes_are_not_missing_ones(table: AnnotationTable):
    assert table.annotation(0).bboxes.shape == (0, 4)
    assert table.annotation(3).bboxes is None


def test_size_on_disk_and_crowds_come_back():
    crowds = np.array([True, False])
    boxes = np.zeros((2, 4), np.float32)
    table = AnnotationTable.of(
        [
            SampleAnnotation(
                'a', bboxes=boxes, bbox_crowds=crowds, ori_shape=(480, 640)
            ),
            SampleAnnotation('b'),
        ]
    )
    assert table.annotation(0).ori_shape == (480, 640)
    assert table.annotation(0).bbox_crowds.tolist() == [True, False]
    assert table.annotation(0).bbox_crowds.dtype == bool
    assert table.annotation(1).ori_shape is None
    assert set(table.fields(1)) == {'id'}


def test_fields_leave_out_what_is_missing(table: AnnotationTable):
    fields = table.fields(5)
    assert set(fields) == {
        *('id', 'group', 'target', 'bboxes', 'bbox_labels', 'metadata')
    }
    assert fields['id'] == 'sample_005'
    assert fields['target'].tolist() == [0.5, -5.0]
    assert fields['bboxes'].dtype == np.float32
    assert fields['metadata'] == {'duration': 2.5, 'tags': ['a', 5]}


def test_has(table: AnnotationTable):
    expected = [make_annotation(i) for i in range(12)]
    for name in ('id', 'group', 'label', 'bboxes', 'transcription'):
        has = [getattr(sample, name) is not None for sample in expected]
        assert table.has(name).tolist() == has


def test_fields_that_no_sample_has():
    table = AnnotationTable.of([SampleAnnotation(id='a')])
    assert table.fields(0) == {'id': 'a'}
    assert table.has('group').tolist() == [False]
    assert table.annotation(0) == SampleAnnotation(id='a')


def test_no_sample():
    table = AnnotationTable.of([])
    assert len(table) == 0
    assert table.has('id').tolist() == []


def test_pickles(table: AnnotationTable):
    copy = pickle.loads(pickle.dumps(table))
    assert copy.annotation(7) == make_annotation(7)


def test_refuses_a_negative_label():
    with pytest.raises(ValueError, match="'a': label must be 0 or more"):
        AnnotationTable.of([SampleAnnotation(id='a', label=-1)])
