"""The dense loss, against a version that goes box by box."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torchvision.ops import box_iou, generalized_box_iou

from tests.models.losses.box_cases import make_truth, padded
from trimodal.models import TaskAlignedLoss
from trimodal.models.layers.boxes import corners
from trimodal.models.layers.grid_cells import GridCells, cells_of
from trimodal.structures import Tokens


def cells(rows: int, side: int = 6, real: int = 5) -> GridCells:
    mask = torch.zeros(rows, side, side, dtype=torch.bool)
    mask[:, :real, :real] = True
    mask = mask.flatten(1)
    x = torch.zeros(*mask.shape, 1)
    return cells_of(Tokens(x, mask, mask.any(1), ((side, side),)), 1)[1]


def answers(where: GridCells) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits, and boxes not far from the cells."""
    shape = where.mask.shape
    sizes = 0.2 + 0.4 * torch.rand(*shape, 2)
    centres = where.boxes[..., :2] + 0.05 * torch.randn(*shape, 2)
    return torch.randn(*shape, 3), torch.cat([centres, sizes], dim=-1)


def plain_target(loss, logits, boxes, where, labels, true):
    """Target scores of one picture's cells, and their boxes."""
    quality = torch.zeros(len(logits))
    owner = torch.zeros(len(logits), dtype=torch.int64)
    iou = box_iou(corners(true), corners(boxes))
    fits, chosen = [], torch.zeros(len(true), len(logits), dtype=torch.bool)
    for index, label in enumerate(labels.tolist()):
        x1, y1, x2, y2 = corners(true[index])
        x, y = where.boxes[0, :, 0], where.boxes[0, :, 1]
        inside = (x > x1) & (x < x2) & (y > y1) & (y < y2) & where.mask[0]
        score = logits.sigmoid()[:, label]
        fit = score**loss.alpha * iou[index] ** loss.beta * inside
        fits.append(fit)
        best = fit.argsort(descending=True)[: loss.topk]
        chosen[index, best] = fit[best] > 1e-9
    for cell in range(len(logits)):
        mine = [i for i in range(len(true)) if chosen[i, cell]]
        if mine:
            owner[cell] = max(mine, key=lambda i: iou[i, cell])
            for index in mine:
                chosen[index, cell] = index == owner[cell]
    for index, fit in enumerate(fits):
        if chosen[index].any():
            own = chosen[index]
            share = fit[own] / fit[own].max()
            quality[own] = share * iou[index, own].max()
    return owner, quality


def test_equals_the_plain_version():
    loss, where, truth = (
        TaskAlignedLoss(topk=3),
        cells(3),
        make_truth((4, 0, 2)),
    )
    logits, boxes = answers(where)
    got = loss(logits, boxes, where, padded(truth, 1))
    total, giou, count = 0.0, 0.0, 0.0
    for row, (labels, true) in enumerate(truth):
        owner, quality = plain_target(
            loss, logits[row], boxes[row], where, labels, true
        )
        target = torch.zeros_like(logits[row])
        for cell in quality.nonzero().flatten().tolist():
            target[cell, labels[owner[cell]]] = quality[cell]
            overlap = generalized_box_iou(
                corners(boxes[row, cell : cell + 1]),
                corners(true[owner[cell]][None]),
            )
            giou += (1 - overlap.item()) * quality[cell]
        scores = logits[row].sigmoid()
        cross = F.binary_cross_entropy(scores, target, reduction='none')
        cross = (target - scores) ** 2 * cross
        total += cross[where.mask[row]].sum()
        count += quality.sum()
    assert count > 1
    torch.testing.assert_close(got['loss_class'], total / count)
    torch.testing.assert_close(got['loss_giou'], 2 * giou / count)


def test_half_precision_is_computed_in_full():
    where, targets = cells(2), padded(make_truth((3, 1)))
    logits, boxes = answers(where)
    logits = logits.bfloat16()
    want = TaskAlignedLoss()(logits.float(), boxes, where, targets)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        got = TaskAlignedLoss()(logits, boxes, where, targets)
    for name, value in want.items():
        assert got[name].dtype == torch.float32
        torch.testing.assert_close(got[name], value)


def test_no_boxes_teach_that_there_is_nothing():
    where = cells(2)
    logits, boxes = answers(where)
    logits.requires_grad_()
    got = TaskAlignedLoss()(logits, boxes, where, padded(make_truth((0, 0))))
    assert got['loss_giou'].item() == 0
    (grad,) = torch.autograd.grad(got['loss_class'], logits)
    assert (grad[where.mask] > 0).all()
    assert not grad[~where.mask].any()


def test_cells_in_a_crowd_are_asked_only_for_their_boxes():
    """By hand: logits of 0, a crowd over the upper half of the picture."""
    where = cells(1, side=4, real=4)
    box = where.boxes[0, 5]
    truth = padded([(torch.tensor([2]), box.unsqueeze(0))])
    targets = replace(truth, crowds=torch.tensor([[[0.5, 0.25, 1.0, 0.5]]]))
    logits = torch.zeros(1, 16, 3, requires_grad=True)
    got = TaskAlignedLoss()(logits, where.boxes, where, targets)
    # The box's cell learns a score of 1 and two of 0, the lower eight three
    # of 0 each, all with a modulation of 1 / 4; target scores sum to 1.
    want = torch.tensor((3 + 8 * 3) * 0.25 * math.log(2))
    torch.testing.assert_close(got['loss_class'], want)
    (grad,) = torch.autograd.grad(got['loss_class'], logits)
    learned = [cell == 5 or cell >= 8 for cell in range(16)]
    assert grad.any(2)[0].tolist() == learned


@pytest.mark.parametrize(
    ('settings', 'message'),
    [({'topk': 0}, 'topk'), ({'beta': -1.0}, 'beta')],
)
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        TaskAlignedLoss(**settings)
