"""Boxes of data samples to tensors, and back to data samples.

Shape letters: see :mod:`trimodal.structures.streams`; N true boxes of a
sample, Q queries, C classes.
"""

from collections.abc import Sequence

import torch
from mmengine.structures import InstanceData
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torchvision.ops import batched_nms

from trimodal.models.heads.base import Samples
from trimodal.models.layers.box_targets import BoxTargets
from trimodal.models.layers.boxes import centred, corners
from trimodal.structures import TriModalDataSample


def box_targets(
    data_samples: Samples, present: Tensor, num_classes: int
) -> BoxTargets:
    """The true boxes of a batch.

    Args:
        data_samples (Sequence[TriModalDataSample]): Their ``gt_instances`` in
            pixels of ``img_shape``. Its ``crowds`` are no boxes to find.
        present (Tensor): bool ``[B]``: samples that have the picture. Nothing
            is learned from others.
        num_classes (int): C.

    Returns:
        BoxTargets: The boxes, relative and centred.

    Raises:
        ValueError: If a sample has boxes and no ``img_shape``, or a label
            that is none of the classes.
    """
    there = present.tolist()
    labels, boxes, crowds, annotated = [], [], [], []
    for row, sample in enumerate(data_samples):
        known = there[row] and 'gt_instances' in sample
        annotated.append(known)
        found, where, crowd = _read(sample) if known else ((), (), ())
        labels.append(_tensor(found, torch.int64, present).reshape(-1))
        boxes.append(_tensor(where, torch.float32, present).reshape(-1, 4))
        crowds.append(_tensor(crowd, torch.float32, present).reshape(-1, 4))
    counts = tuple(len(part) for part in labels)
    padded = pad_sequence(labels, batch_first=True)
    _check_labels(padded, num_classes, data_samples)
    where, regions = (
        pad_sequence(x, batch_first=True) for x in (boxes, crowds)
    )
    units = _units(data_samples, 'img_shape', annotated, where)
    places = torch.arange(padded.shape[1], device=present.device)
    numbers = torch.tensor([counts, annotated], device=present.device)
    return BoxTargets(
        padded,
        centred(where / units),
        places < numbers[0].unsqueeze(1),
        numbers[1] > 0,
        counts,
        centred(regions / units) if regions.shape[1] else None,
    )


def _tensor(values: object, dtype: torch.dtype, like: Tensor) -> Tensor:
    return torch.as_tensor(values, dtype=dtype, device=like.device)


def _read(
    sample: TriModalDataSample,
) -> tuple[Tensor, Tensor, Tensor | tuple[()]]:
    """Labels and boxes that are to be learned, and boxes of crowds."""
    true = sample.gt_instances
    if 'crowds' not in true:
        return true.labels, true.bboxes, ()
    apart = ~true.crowds
    return true.labels[apart], true.bboxes[apart], true.bboxes[true.crowds]


def _units(
    data_samples: Samples, key: str, wanted: Sequence[bool], like: Tensor
) -> Tensor:
    """Sizes of pictures for x1 .. y2, ``[B, 1, 4]``; 1 where not wanted."""
    sizes = [
        _size(sample, key, row) if asked else (1, 1)
        for row, (sample, asked) in enumerate(
            zip(data_samples, wanted, strict=True)
        )
    ]
    units = [(width, height) * 2 for height, width in sizes]
    return like.new_tensor(units).reshape(-1, 1, 4)


def _size(sample: TriModalDataSample, key: str, row: int) -> tuple[int, int]:
    if sample.get(key) is None:
        raise ValueError(
            f'sample {sample.get("sample_id", row)!r} must have {key} among '
            'its meta fields, as boxes are in pixels of that picture: '
            'PackInputs adds it'
        )
    return sample.get(key)


def _check_labels(
    labels: Tensor, num_classes: int, data_samples: Samples
) -> None:
    wrong = ((labels < 0) | (labels >= num_classes)).any(1)
    if not bool(wrong.any()):
        return
    row = int(wrong.nonzero()[0])
    sample = data_samples[row]
    raise ValueError(
        f'labels of gt_instances must be classes 0 to {num_classes - 1}, got '
        f'{sample.gt_instances.labels.tolist()} in sample '
        f'{sample.get("sample_id", row)!r}'
    )


def add_instances(
    data_samples: Samples,
    scores: Tensor,
    boxes: Tensor,
    queries: Tensor,
    max_per_img: int,
    score_threshold: float = 0.0,
    nms_iou: float | None = None,
) -> list[TriModalDataSample]:
    """Write the best boxes in pixels of the original pictures.

    Args:
        data_samples (Sequence[TriModalDataSample]): One a sample, with
            ``ori_shape``; stay as they are.
        scores (Tensor): float ``[B, Q, C]``.
        boxes (Tensor): float ``[B, Q, 4]``, centred and relative.
        queries (Tensor): bool ``[B, Q]``: queries that are real.
        max_per_img (int): How many boxes a picture gets at most.
        score_threshold (float): Boxes with less are left out. Defaults to
            0.0.
        nms_iou (float | None): Of two boxes of a class that overlap by more
            the worse is left out. Defaults to None, off.

    Returns:
        list[TriModalDataSample]: Copies with ``pred_instances``.
    """
    classes = scores.shape[2]
    scores = scores.masked_fill(~queries.unsqueeze(2), -1).flatten(1)
    scores, index = scores.topk(min(max_per_img, scores.shape[1]), dim=1)
    labels, query = index % classes, index // classes
    boxes = corners(boxes).gather(1, query.unsqueeze(2).expand(-1, -1, 4))
    boxes = boxes.clamp(0, 1)
    kept = (scores >= score_threshold) & (scores >= 0)
    if nms_iou is not None:
        row = torch.arange(len(boxes), device=boxes.device).unsqueeze(1)
        group = row * classes + labels
        kept &= _distinct(boxes, scores, group, kept, nms_iou)
    present = queries.any(1).tolist()
    boxes = boxes * _units(data_samples, 'ori_shape', present, boxes)
    # On a GPU each selection has to be waited for.
    boxes, labels, scores, kept = (
        x.cpu() for x in (boxes, labels, scores, kept)
    )
    counts = kept.sum(1).tolist()
    parts = (x[kept].split(counts) for x in (boxes, labels, scores))
    return [
        sample.new().set_pred_instances(
            InstanceData(bboxes=where, labels=label, scores=score)
        )
        for sample, where, label, score in zip(
            data_samples, *parts, strict=True
        )
    ]


def _distinct(
    boxes: Tensor, scores: Tensor, group: Tensor, kept: Tensor, iou: float
) -> Tensor:
    """Which boxes are the best of their group where they are."""
    group = group[kept]
    chosen = batched_nms(boxes[kept], scores[kept], group, iou)
    best = torch.zeros_like(group, dtype=torch.bool).index_fill(
        0, chosen, True
    )
    return torch.zeros_like(kept).masked_scatter(kept, best)
