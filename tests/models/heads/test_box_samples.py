"""Boxes of data samples to tensors and back."""

import pytest
import torch
from mmengine.structures import InstanceData

from trimodal.models.heads.box_samples import add_instances, box_targets
from trimodal.models.layers.boxes import centred
from trimodal.structures import TriModalDataSample


def sample(
    boxes: list[list[float]] | None = None,
    labels: tuple[int, ...] = (),
    img_shape: tuple[int, int] | None = (20, 40),
    ori_shape: tuple[int, int] | None = (100, 200),
) -> TriModalDataSample:
    meta = {'img_shape': img_shape, 'ori_shape': ori_shape}
    made = TriModalDataSample(
        metainfo={'sample_id': 'x', **{k: v for k, v in meta.items() if v}}
    )
    if boxes is None:
        return made
    return made.set_gt_instances(
        InstanceData(
            bboxes=torch.tensor(boxes).reshape(-1, 4),
            labels=torch.tensor(labels, dtype=torch.int64),
        )
    )


HERE = torch.ones(2, dtype=torch.bool)


def test_boxes_are_relative_to_each_picture():
    first = sample([[4.0, 5.0, 8.0, 15.0]], (2,))
    second = sample([[1.0, 1.0, 3.0, 5.0]] * 2, (0, 1), img_shape=(10, 10))
    got = box_targets([first, second], HERE, 3)
    want = torch.tensor([0.1, 0.25, 0.2, 0.75])
    torch.testing.assert_close(got.boxes[0, 0], centred(want))
    want = torch.tensor([0.1, 0.1, 0.3, 0.5])
    torch.testing.assert_close(got.boxes[1, 1], centred(want))
    assert got.labels.tolist() == [[2, 0], [0, 1]]
    assert got.mask.tolist() == [[True, False], [True, True]]
    assert got.counts == (1, 2)


def test_who_is_learned_from():
    given = [sample(), sample([]), sample([[0.0, 0.0, 9.0, 9.0]], (1,))]
    present = torch.tensor([True, True, False])
    got = box_targets(given, present, 3)
    # No boxes are an annotation; boxes of an absent picture are none.
    assert got.annotated.tolist() == [False, True, False]
    assert got.counts == (0, 0, 0)
    assert got.boxes.shape == (3, 0, 4)


def test_crowds_are_not_learned():
    boxes = [[0.0, 0.0, 9.0, 9.0], [10.0, 10.0, 20.0, 20.0]]
    given = sample(boxes, (1, 2))
    given.gt_instances.crowds = torch.tensor([True, False])
    got = box_targets([given, sample([])], HERE, 3)
    assert got.counts == (1, 0)
    assert got.labels.tolist() == [[2], [0]]
    assert len(given.gt_instances) == 2
    # They are regions, relative as the boxes are; the second has none.
    want = centred(torch.tensor([0.0, 0.0, 9 / 40, 9 / 20]))
    torch.testing.assert_close(got.crowds[:, 0], torch.stack([want, want * 0]))


def test_no_crowds():
    given = sample([[0.0, 0.0, 9.0, 9.0]], (1,))
    assert box_targets([given, sample()], HERE, 3).crowds is None
    given.gt_instances.crowds = torch.tensor([False])
    assert box_targets([given, sample()], HERE, 3).crowds is None


def test_a_label_that_is_no_class():
    given = [sample([]), sample([[0.0, 0.0, 9.0, 9.0]], (3,))]
    with pytest.raises(ValueError, match=r"0 to 2, got \[3\] in sample 'x'"):
        box_targets(given, HERE, 3)


def test_boxes_without_a_size_of_the_picture():
    given = [sample([[0.0, 0.0, 9.0, 9.0]], (1,), img_shape=None)]
    with pytest.raises(ValueError, match="'x' must have img_shape"):
        box_targets(given, HERE[:1], 3)


def predictions() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Three queries: two of one place, one beyond the picture's edge."""
    scores = torch.tensor([[0.9, 0.1], [0.7, 0.2], [0.3, 0.8]])
    boxes = torch.tensor(
        [[0.5, 0.5, 0.2, 0.4], [0.5, 0.5, 0.2, 0.38], [0.9, 0.1, 0.4, 0.4]]
    )
    return scores[None], boxes[None], torch.ones(1, 3, dtype=torch.bool)


def test_best_first_in_pixels_of_the_original():
    given = sample([])
    (got,) = add_instances([given], *predictions(), max_per_img=2)
    found = got.pred_instances
    assert 'pred_instances' not in given
    assert found.labels.tolist() == [0, 1]
    torch.testing.assert_close(found.scores, torch.tensor([0.9, 0.8]))
    want = [[80.0, 30.0, 120.0, 70.0], [140.0, 0.0, 200.0, 30.0]]
    torch.testing.assert_close(found.bboxes, torch.tensor(want))


def test_threshold_and_suppression():
    given = [sample()]
    (got,) = add_instances(given, *predictions(), 10, score_threshold=0.25)
    scores = torch.tensor([0.9, 0.8, 0.7, 0.3])
    torch.testing.assert_close(got.pred_instances.scores, scores)
    (got,) = add_instances(given, *predictions(), 10, 0.25, nms_iou=0.5)
    scores = torch.tensor([0.9, 0.8, 0.3])
    torch.testing.assert_close(got.pred_instances.scores, scores)


def test_suppression_does_not_reach_other_samples():
    parts = [part.expand(2, *part.shape[1:]) for part in predictions()]
    both = add_instances([sample(), sample()], *parts, 10, 0.25, nms_iou=0.5)
    assert [len(s.pred_instances) for s in both] == [3, 3]


def test_no_picture_no_boxes():
    scores, boxes, real = predictions()
    given = [sample(ori_shape=None)]
    (got,) = add_instances(given, scores, boxes, ~real, 10, nms_iou=0.5)
    assert got.pred_instances.bboxes.shape == (0, 4)
    with pytest.raises(ValueError, match="'x' must have ori_shape"):
        add_instances(given, scores, boxes, real, 10)


@pytest.mark.parametrize('nms_iou', [None, 0.5])
def test_no_samples(nms_iou):
    parts = (part[:0] for part in predictions())
    assert add_instances([], *parts, 10, nms_iou=nms_iou) == []
