import gc
import json

import numpy as np
import pytest

from trimodal.evaluation.functional import Boxes
from trimodal.evaluation.functional.coco_json import (
    coco_dataset,
    coco_detections,
    collector_paused,
    count_labels,
    read_truth,
)

IMAGES = [{'id': 5}, {'id': 3}, {'id': 8}]
CATEGORIES = [{'id': 9, 'name': 'cup'}, {'id': 2, 'name': 'key'}]
BOXES = np.array([[1, 2, 4, 6], [0, 0, 1, 1]], np.float32)


def test_dataset():
    true = [
        Boxes(BOXES, np.array([1, 0])),
        None,
        Boxes(BOXES[:1], np.array([0]), crowds=np.array([True])),
    ]
    dataset = coco_dataset(true, IMAGES, CATEGORIES)
    assert dataset['images'] == IMAGES
    assert dataset['annotations'] == [
        {
            **{'id': 1, 'image_id': 5, 'category_id': 2, 'iscrowd': 0},
            **{'bbox': [1, 2, 3, 4], 'area': 12},
        },
        {
            **{'id': 2, 'image_id': 5, 'category_id': 9, 'iscrowd': 0},
            **{'bbox': [0, 0, 1, 1], 'area': 1},
        },
        {
            **{'id': 3, 'image_id': 8, 'category_id': 9, 'iscrowd': 1},
            **{'bbox': [1, 2, 3, 4], 'area': 12},
        },
    ]
    json.dumps(dataset)
    np.testing.assert_array_equal(BOXES[0], [1, 2, 4, 6])


def test_detections_that_are_not_finite_are_left_out():
    bboxes = np.array([[1, 2, 4, 6], [np.nan, 0, 1, 1], [0, 0, 1, 1]])
    scores = np.array([0.5, 0.5, np.inf], np.float32)
    found = coco_detections(
        [None, Boxes(bboxes, np.array([0, 0, 0]), scores), None],
        IMAGES,
        CATEGORIES,
    )
    assert found == [
        {'image_id': 3, 'category_id': 9, 'bbox': [1, 2, 3, 4], 'score': 0.5}
    ]


def test_nothing():
    empty = Boxes(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0))
    assert coco_detections([], [], []) == []
    assert coco_detections([empty], IMAGES[:1], CATEGORIES) == []
    assert coco_dataset([None, empty, None], IMAGES, [])['annotations'] == []
    assert count_labels([None, empty]) == 0


@pytest.mark.parametrize('label', [2, -1])
def test_a_label_without_a_category(label):
    boxes = Boxes(BOXES[:1], np.array([label]), np.ones(1))
    with pytest.raises(ValueError, match=f'label {label} is none of the 2'):
        coco_detections([boxes], IMAGES[:1], CATEGORIES)


def test_count_labels():
    assert count_labels([Boxes(BOXES, np.array([0, 4])), None]) == 5


def test_truth_of_a_file(tmp_path):
    item = {'image_id': 5, 'category_id': 9, 'bbox': [0, 0, 2, 3]}
    path = tmp_path / 'a.json'
    raw = {'images': IMAGES, 'categories': CATEGORIES}
    items = [{**item, 'id': 0}, {**item, 'id': 7, 'area': 1, 'iscrowd': 1}]
    path.write_text(json.dumps({**raw, 'annotations': items}))
    assert read_truth(str(path))['annotations'] == [
        {**item, 'id': 1, 'area': 6, 'iscrowd': 0},
        {**item, 'id': 2, 'area': 1, 'iscrowd': 1},
    ]
    path.write_text(json.dumps(raw))
    with pytest.raises(ValueError, match=r'a\.json has no annotations'):
        read_truth(str(path))


def test_the_collector_goes_on_as_it_was():
    with collector_paused():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
