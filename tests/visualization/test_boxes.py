import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from trimodal.structures import TriModalDataSample
from trimodal.visualization.boxes import (
    draw_boxes,
    draw_instances,
    draw_legend,
    scaled_boxes,
)
from trimodal.visualization.figure import new_figure, render
from trimodal.visualization.headline import ClassNames
from trimodal.visualization.panels import draw_image


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
    """The best lies over the others."""
    boxes, texts = drawn('pred', (40, 60), min_score=0.0)
    assert boxes[0] == (0, 0, 60, 40)
    assert texts == ['cup 0.25', 'key 0.75']


def test_a_few_boxes_and_what_is_said_of_them():
    axes = new_figure(3, 3).add_subplot()
    names = ClassNames(['cup', 'key'])
    given = (axes, sample(), names, (40, 60))
    assert draw_instances(*given, 'gt') == 'true (1)'
    assert draw_instances(*given, 'pred') == 'predicted (2)'
    axes.clear()
    said = draw_instances(*given, 'pred', 0.0, 1)
    assert said == 'predicted (1 of 2: best 1)'
    assert [text.get_text() for text in axes.texts] == ['key 0.75']
    said = draw_instances(*given, 'pred', 0.3)
    assert said == 'predicted (1 of 2: score from 0.3)'


def test_crowds_are_named():
    made = sample()
    made.gt_instances.crowds = torch.tensor([True])
    axes = new_figure(3, 3).add_subplot()
    draw_instances(axes, made, ClassNames('ab'), (20, 20), 'gt')
    assert axes.texts[0].get_text() == 'b (crowd)'


@pytest.mark.parametrize('truth', [True, False])
def test_texts_stay_in_the_picture(truth):
    """At each edge and corner, large boxes and small ones."""
    figure = new_figure(6.6, 5)
    axes = figure.add_subplot()
    draw_image(axes, np.zeros((300, 400, 3), np.uint8))
    corners = [(x, y) for x in (0, 200, 370) for y in (0, 150, 280)]
    boxes = [(x, y, x + 30, y + 20) for x, y in corners]
    boxes += [(0, 0, 400, 300), (-5, -5, 405, 305)]
    texts = ['Platelets 0.37'] * len(boxes)
    draw_boxes(axes, np.array(boxes, float), texts, (300, 400), truth)
    render(figure)
    picture = axes.get_window_extent()
    for text in axes.texts:
        inside = text.get_window_extent()
        assert picture.x0 - 1 <= inside.x0
        assert inside.x1 <= picture.x1 + 1
        assert picture.y0 - 1 <= inside.y0
        assert inside.y1 <= picture.y1 + 1


def test_legend_has_the_colours_of_the_boxes():
    axes = new_figure(3, 3).add_subplot()
    draw_boxes(axes, np.ones((1, 4)), ['a'], (9, 9), truth=True)
    draw_boxes(axes, np.ones((1, 4)), ['a'], (9, 9))
    draw_legend(axes, [('true (1)', True), ('predicted (1)', False)])
    legend = axes.get_legend()
    assert [t.get_text() for t in legend.get_texts()] == [
        'true (1)',
        'predicted (1)',
    ]
    boxes, handles = (
        [patch.get_edgecolor() for patch in patches]
        for patches in (axes.patches, legend.get_patches())
    )
    assert boxes == handles
    assert boxes[0] != boxes[1]


def test_without_sizes_boxes_are_of_the_drawn_picture():
    boxes = np.array([[1.0, 2, 3, 4]])
    assert scaled_boxes(boxes, None, (9, 9)) is boxes


def test_no_boxes():
    axes = new_figure(3, 3).add_subplot()
    draw_instances(axes, TriModalDataSample(), ClassNames(()), (9, 9), 'gt')
    assert not axes.patches
