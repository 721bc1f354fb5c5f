import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from trimodal.structures import TriModalDataSample
from trimodal.visualization.boxes import draw_instances, scaled_boxes
from trimodal.visualization.figure import new_figure
from trimodal.visualization.headline import ClassNames


def sample() -> TriModalDataSample:
    """A picture of 40 x 60 on disk, as 20 x 20 to the model."""
    made = TriModalDataSample(
        metainfo={'ori_shape': (40, 60), 'img_shape': (20, 20)}
    )
    made.set_gt_instances(
        InstanceData(
            bboxes=torch.tensor([[5.0, 5, 10, 20]]), labels=torch.tensor([1])
        )
    )
    return made.set_pred_instances(
        InstanceData(
            bboxes=torch.tensor([[15.0, 10, 30, 40], [0.0, 0, 60, 40]]),
            labels=torch.tensor([1, 0]),
            scores=torch.tensor([0.75, 0.25]),
        )
    )


def drawn(kind: str, size: tuple[int, int], min_score: float = 0.3):
    axes = new_figure(3, 3).add_subplot()
    names = ClassNames(['cup', 'key'])
    draw_instances(axes, sample(), names, size, kind, min_score)
    boxes = [
        (*p.get_xy(), p.get_width(), p.get_height()) for p in axes.patches
    ]
    return boxes, [text.get_text() for text in axes.texts]


@pytest.mark.parametrize(
    ('size', 'expected'),
    [((40, 60), (15, 10, 15, 30)), ((20, 20), (5, 5, 5, 15))],
)
def test_annotation_and_prediction_meet_on_any_picture(size, expected):
    assert drawn('gt', size) == ([expected], ['key'])
    assert drawn('pred', size) == ([expected], ['key 0.75'])


def test_all_boxes():
    boxes, texts = drawn('pred', (40, 60), min_score=0.0)
    assert boxes[1] == (0, 0, 60, 40)
    assert texts == ['key 0.75', 'cup 0.25']


def test_without_sizes_boxes_are_of_the_drawn_picture():
    boxes = np.array([[1.0, 2, 3, 4]])
    assert scaled_boxes(boxes, None, (9, 9)) is boxes


def test_no_boxes():
    axes = new_figure(3, 3).add_subplot()
    draw_instances(axes, TriModalDataSample(), ClassNames(()), (9, 9), 'gt')
    assert not axes.patches
