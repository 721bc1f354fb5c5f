import numpy as np
import pytest

from trimodal.datasets.transforms.boxes import (
    flipped,
    scaled,
    warped,
    with_boxes,
)

IMAGE = np.zeros((20, 30, 3), np.uint8)
BOXES = np.array([[-5, 2, 10, 8], [29.5, 0, 40, 9], [3, 4, 5, 25]])


def test_cut_and_dropped_with_labels_and_scores() -> None:
    sample = {
        'gt_bboxes': BOXES,
        'gt_bboxes_labels': np.array([7, 8, 9]),
        'gt_bboxes_scores': np.array([0.1, 0.2, 0.3], np.float32),
        'gt_bboxes_crowds': np.array([True, False, False]),
    }
    changed = with_boxes(sample, 'image', IMAGE, lambda boxes: boxes)
    assert changed['gt_bboxes'].tolist() == [[0, 2, 10, 8], [3, 4, 5, 20]]
    assert changed['gt_bboxes'].dtype == np.float32
    assert changed['gt_bboxes_labels'].tolist() == [7, 9]
    np.testing.assert_allclose(changed['gt_bboxes_scores'], [0.1, 0.3])
    assert changed['gt_bboxes_crowds'].tolist() == [True, False]
    assert changed['img_shape'] == (20, 30)


def test_no_boxes_and_none_left() -> None:
    changed = with_boxes({}, 'image', IMAGE, lambda boxes: boxes)
    assert set(changed) == {'image', 'img_shape'}
    empty = {'gt_bboxes': np.zeros((0, 4), np.float32)}
    for move in (
        lambda boxes: boxes,
        lambda boxes: flipped(boxes, 30),
        lambda boxes: scaled(boxes, 2, 3),
        lambda boxes: warped(boxes, np.eye(2, 3)),
    ):
        changed = with_boxes(empty, 'image', IMAGE, move)
        assert changed['gt_bboxes'].shape == (0, 4)


def test_boxes_belong_to_the_first_camera() -> None:
    sample = {'gt_bboxes': BOXES, 'img_shape': (9, 9)}
    changed = with_boxes(sample, 'image_left', IMAGE, lambda boxes: boxes)
    assert set(changed) == {'image_left'}


def test_maps_by_hand() -> None:
    box = np.array([[1.0, 2, 4, 8]])
    assert flipped(box, 10).tolist() == [[6, 2, 9, 8]]
    assert flipped(box, 10, axis=1).tolist() == [[1, 2, 4, 8]]
    assert flipped(box, 12, axis=1).tolist() == [[1, 4, 4, 10]]
    assert scaled(box, 2, 0.5).tolist() == [[2, 1, 8, 4]]
    quarter = np.array([[0.0, -1, 10], [1, 0, 0]])  # (x, y) -> (10 - y, x)
    assert warped(box, quarter).tolist() == [[2, 1, 8, 4]]
    assert box.tolist() == [[1, 2, 4, 8]]


@pytest.mark.parametrize(('width', 'kept'), [(0.99, 0), (1.0, 1)])
def test_one_pixel_is_the_least(width: float, kept: int) -> None:
    sample = {'gt_bboxes': np.array([[2, 2, 2 + width, 9]])}
    changed = with_boxes(sample, 'image', IMAGE, lambda boxes: boxes)
    assert len(changed['gt_bboxes']) == kept
