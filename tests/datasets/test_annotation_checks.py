import re

import numpy as np
import pytest

from trimodal.datasets.annotation_checks import SampleChecker, is_number


def faults_of(raw, **classes):
    """(field, reason) of every fault of one sample."""
    check = SampleChecker(raw, 3)
    for name in ('group', 'transcription'):
        check.text(name)
    check.label(classes.get('classes'))
    check.target()
    check.metadata()
    check.media()
    check.boxes(classes.get('boxes'))
    return {fault.field: fault.reason for fault in check.faults}


@pytest.mark.parametrize('value', [1, 0.5, -3])
def test_numbers(value):
    assert is_number(value)


@pytest.mark.parametrize('value', [True, None, '1', float('nan'), 1e999, [1]])
def test_no_numbers(value):
    assert not is_number(value)


def test_a_full_sample_is_read():
    check = SampleChecker(
        {
            'id': 'a',
            'label': 1,
            'target': 0.5,
            'x_path': 'x',
            'y_path': None,
            'metadata': {'k': 1},
        },
        0,
    )
    assert check.label(['p', 'q']) == 1
    assert check.target() == (0.5,)
    assert check.media() == {'x_path': 'x'}
    assert check.metadata() == {'k': 1}
    assert check.boxes(None) == {}
    assert not check.faults


def test_boxes_are_read():
    raw = [
        {'class': 0, 'bbox': [0, 1, 2, 3]},
        {'class': 1, 'bbox': [1.5, 1, 2, 3], 'confidence': 0.25},
    ]
    check = SampleChecker({'id': 'a', 'bounding_boxes': raw}, 0)
    found = check.boxes(['p', 'q'])
    bboxes = found['bboxes']
    np.testing.assert_array_equal(bboxes, [[0, 1, 2, 3], [1.5, 1, 2, 3]])
    assert bboxes.dtype == np.float32
    np.testing.assert_array_equal(found['bbox_labels'], [0, 1])
    # the unscored is sure
    np.testing.assert_array_equal(found['bbox_scores'], [1, 0.25])
    assert found['bbox_crowds'] is None


def test_crowds_are_read():
    raw = [
        {'class': 0, 'bbox': [0, 1, 2, 3], 'crowd': True},
        {'class': 0, 'bbox': [0, 1, 2, 3], 'crowd': False},
        {'class': 0, 'bbox': [0, 1, 2, 3]},
    ]
    check = SampleChecker({'id': 'a', 'bounding_boxes': raw}, 0)
    assert check.boxes(None)['bbox_crowds'].tolist() == [True, False, False]


def test_empty_boxes_are_not_unknown_boxes():
    check = SampleChecker({'id': 'a', 'bounding_boxes': []}, 0)
    found = check.boxes(None)
    assert found['bboxes'].shape == (0, 4)
    assert found['bbox_labels'].shape == (0,)
    assert found['bbox_scores'] is None


@pytest.mark.parametrize(
    ('field', 'value', 'reason'),
    [
        ('label', 2, r"0\.\.1 \(metainfo\['classes'\]\)"),
        ('label', -1, 'whole number'),
        ('label', True, 'whole number'),
        ('label', 0.0, 'whole number'),
        ('group', 7, 'text'),
        ('transcription', ['a'], 'text'),
        ('target', '0.5', 'finite number'),
        ('target', [], 'finite number'),
        ('target', [1, None], 'finite number'),
        ('metadata', [], 'object'),
        ('speech_path', 3, 'path'),
        ('imu_path', '', 'path'),
        ('bounding_boxes', {}, 'list'),
    ],
)
def test_a_wrong_type_is_a_fault(field, value, reason):
    faults = faults_of({'id': 'a', field: value}, classes=['p', 'q'])
    assert list(faults) == [field]
    assert re.search(reason, faults[field])


@pytest.mark.parametrize(
    ('box', 'field', 'reason'),
    [
        ([], '', 'object'),
        ({'class': 2, 'bbox': [0, 0, 1, 1]}, '.class', '0..1'),
        ({'class': 0, 'bbox': [0, 0, 1]}, '.bbox', 'four'),
        ({'class': 0, 'bbox': [0, 0, 0, 1]}, '.bbox', 'degenerate'),
        ({'class': 0, 'bbox': [0, 5, 1, 4]}, '.bbox', 'degenerate'),
        ({'class': 0, 'bbox': [-1, 0, 1, 1]}, '.bbox', 'outside'),
        ({'class': 0, 'bbox': [0, 0, 1, '1']}, '.bbox', 'four'),
        (
            {'class': 0, 'bbox': [0, 0, 1, 1], 'confidence': 1.5},
            '.confidence',
            '0..1',
        ),
        ({'class': 0, 'bbox': [0, 0, 1, 1], 'score': 1}, '.score', 'unknown'),
        ({'class': 0, 'bbox': [0, 0, 1, 1], 'crowd': 1}, '.crowd', 'true or'),
    ],
)
def test_a_wrong_box_is_a_fault(box, field, reason):
    raw = {'id': 'a', 'bounding_boxes': [box]}
    faults = faults_of(raw, boxes=['p', 'q'])
    assert list(faults) == [f'bounding_boxes[0]{field}']
    assert reason in faults[f'bounding_boxes[0]{field}']


def test_boxes_beyond_the_image_are_faults():
    raw = {
        'id': 'a',
        'bounding_boxes': [
            {'class': 0, 'bbox': [0, 0, 40, 30]},
            {'class': 0, 'bbox': [0, 0, 41, 30]},
            {'class': 0, 'bbox': [0, 0, 40, 30.5]},
        ],
    }
    check = SampleChecker(raw, 0)
    check.boxes(None)
    check.boxes_inside((40, 30))
    assert [f.field for f in check.faults] == [
        'bounding_boxes[1].bbox',
        'bounding_boxes[2].bbox',
    ]


def test_a_misspelt_field_names_the_right_one():
    faults = faults_of({'id': 'a', 'lable': 1})
    assert "did you mean 'label'" in faults['lable']


def test_a_sample_without_id_is_named_by_its_place():
    check = SampleChecker({'label': 1}, 3)
    assert check.sample_id == '#3'
    assert [f.field for f in check.faults] == ['id']
    assert SampleChecker('text', 4).faults[0].field == 'sample'
