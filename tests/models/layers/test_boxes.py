"""Boxes against torchvision's."""

import math

import pytest
import torch
from torchvision.ops import box_iou, generalized_box_iou

from trimodal.models.layers.boxes import (
    box_encoding,
    centred,
    corners,
    paired_overlaps,
    pairwise_overlaps,
    refined,
    share_inside,
)


def boxes(*shape: int) -> torch.Tensor:
    low = torch.rand(*shape, 2)
    return torch.cat([low, low + 0.05 + torch.rand(*shape, 2)], dim=-1)


def test_pairs_of_every_sample_equal_torchvision():
    a, b = boxes(3, 4), boxes(3, 6)
    iou, giou = pairwise_overlaps(a, b)
    for row in range(3):
        torch.testing.assert_close(iou[row], box_iou(a[row], b[row]))
        want = generalized_box_iou(a[row], b[row])
        torch.testing.assert_close(giou[row], want)


def test_paired_and_its_gradient_equal_torchvision():
    a, b = boxes(5).requires_grad_(), boxes(5)
    twin = a.detach().clone().requires_grad_()
    iou, giou = paired_overlaps(a, b)
    torch.testing.assert_close(iou, box_iou(twin, b).diag())
    (iou + giou).sum().backward()
    want = generalized_box_iou(twin, b) + box_iou(twin, b)
    want.diag().sum().backward()
    torch.testing.assert_close(a.grad, twin.grad)


def test_boxes_of_no_size_are_finite():
    point = torch.full((1, 4), 0.5)
    iou, giou = paired_overlaps(point, point)
    assert iou.item() == 0
    assert giou.isfinite().all()


def test_no_boxes():
    assert pairwise_overlaps(boxes(2, 0), boxes(2, 3))[0].shape == (2, 0, 3)


def test_share_of_a_box_in_regions():
    # Half in the first, wholly in the second, of no size, outside of both.
    given = torch.tensor(
        [[0.0, 0, 2, 2], [4, 4, 5, 6], [1, 1, 1, 1], [2, 2, 4, 4]]
    )
    regions = torch.tensor([[1.0, -1, 2, 5], [4, 4, 9, 9], [0, 0, 0, 0]])
    want = torch.tensor([0.5, 1.0, 0.0, 0.0])
    torch.testing.assert_close(share_inside(given, regions), want)
    layers = share_inside(given.expand(3, 2, 4, 4), regions.expand(2, 3, 4))
    torch.testing.assert_close(layers, want.expand(3, 2, 4))


def test_forms_of_a_box():
    box = torch.tensor([0.5, 0.4, 0.2, 0.6])
    want = torch.tensor([0.4, 0.1, 0.6, 0.7])
    torch.testing.assert_close(corners(box), want)
    torch.testing.assert_close(centred(want), box)


def test_refined_by_hand():
    box = torch.tensor([0.5, 0.4, 0.2, 0.6])
    deltas = torch.tensor([0.5, -1.0, math.log(2), 100.0])
    got = refined(box, deltas)
    want = torch.tensor([0.6, -0.2, 0.4, 0.6 * 1000 / 16])
    torch.testing.assert_close(got, want)


def test_encoding_by_hand():
    got = box_encoding(torch.tensor([[0.25, 0.5]]), 4)
    assert got.shape == (1, 8)
    for index, number in enumerate((0.25, 0.5)):
        fine, coarse = number * 128, number * 1.28
        want = [math.sin(fine), math.cos(fine)]
        want += [math.sin(coarse), math.cos(coarse)]
        mine = got[0, 4 * index : 4 * index + 4]
        assert mine.tolist() == pytest.approx(want, abs=1e-4)
