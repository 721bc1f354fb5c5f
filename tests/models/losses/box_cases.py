"""Random predictions and true boxes, of different numbers for each sample."""

from collections.abc import Sequence

import torch
from torch import Tensor

from trimodal.models.layers.box_targets import BoxTargets

CLASSES = 3


def random_boxes(*shape: int) -> Tensor:
    """Centred boxes float ``[..., 4]``."""
    size = 0.05 + 0.3 * torch.rand(*shape, 2)
    return torch.cat([torch.rand(*shape, 2), size], dim=-1)


def make_truth(counts: Sequence[int]) -> list[tuple[Tensor, Tensor]]:
    """Labels and boxes of each sample."""
    return [
        (torch.randint(CLASSES, (count,)), random_boxes(count))
        for count in counts
    ]


def padded(
    truth: Sequence[tuple[Tensor, Tensor]], more: int = 0
) -> BoxTargets:
    """The same in one, padded by ``more`` than it needs."""
    counts = tuple(len(labels) for labels, _ in truth)
    shape = (len(truth), max(counts) + more)
    labels = torch.zeros(shape, dtype=torch.int64)
    boxes = torch.zeros(*shape, 4)
    for row, (label, box) in enumerate(truth):
        labels[row, : len(label)] = label
        boxes[row, : len(label)] = box
    mask = torch.arange(shape[1]) < torch.tensor(counts).unsqueeze(1)
    annotated = torch.ones(shape[0], dtype=torch.bool)
    return BoxTargets(labels, boxes, mask, annotated, counts)
