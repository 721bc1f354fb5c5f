"""Contracts of the detection head."""

import torch
from mmengine.structures import InstanceData

from trimodal.structures import TriModalDataSample
from trimodal.testing import HeadContract

BOXES = torch.tensor(
    [[1.0, 2.0, 9.0, 10.0], [4.0, 4.0, 15.0, 16.0], [0.0, 8.0, 8.0, 16.0]]
)
DETR = {
    'type': 'DETRHead',
    'num_classes': 3,
    'in_channels': 12,
    'stream': 'c',
    'stream_channels': 8,
    'num_levels': 2,
    'num_queries': 5,
    'num_layers': 2,
    'num_heads': 2,
    'num_points': 2,
    'feedforward_channels': 8,
}
SOFTMAX = {
    'type': 'SetLoss',
    'classification': 'softmax',
    'matcher': {'type': 'HungarianMatcher', 'class_cost': 'probability'},
}


def box_samples(size: int) -> list[TriModalDataSample]:
    """As many with no, one, two or three boxes; the last has none.

    The last of three boxes is a crowd.
    """
    samples = []
    for row in range(size - 1):
        count = row % 4
        labels = (torch.arange(count) + row) % 3
        boxes = InstanceData(bboxes=BOXES[:count], labels=labels)
        if count == 3:
            boxes.crowds = torch.tensor([False, False, True])
        samples.append(TriModalDataSample().set_gt_instances(boxes))
    return [*samples, TriModalDataSample()]


CONTRACTS = [
    HeadContract(DETR, id='detr', annotate=box_samples),
    HeadContract(
        {**DETR, 'context': 'tokens', 'loss': SOFTMAX},
        id='detr-tokens-softmax',
        annotate=box_samples,
    ),
    HeadContract(
        {**DETR, 'context': None, 'dense': {'type': 'DenseBoxes'}},
        id='detr-alone-dense',
        annotate=box_samples,
        # Which of the cells are chosen hangs by the last digits.
        close=2.0,
    ),
    HeadContract(
        {
            **DETR,
            'num_queries': 64,  # all cells
            'num_layers': 1,
            'nms_iou': 0.7,
            'dense': {'type': 'DenseBoxes'},
            'denoising': {'type': 'BoxDenoising', 'max_queries': 12},
        },
        id='detr-dense-denoising',
        annotate=box_samples,
        divisible=False,
        close=0.1,
    ),
]
