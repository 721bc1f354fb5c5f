"""Boxes as arrays to the dicts of the COCO form.

Shape letters: N boxes of a picture.
"""

import contextlib
import gc
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Boxes:
    """The boxes of one picture.

    Args:
        bboxes (np.ndarray): float ``[N, 4]``: x1, y1, x2, y2 in pixels.
        labels (np.ndarray): int ``[N]``.
        scores (np.ndarray | None): float ``[N]``, of predictions. Defaults
            to None.
        crowds (np.ndarray | None): bool ``[N]``, of true boxes: neither to
            be found nor to be missed. Defaults to None: none is.
    """

    bboxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray | None = None
    crowds: np.ndarray | None = None


def count_labels(boxes: Iterable[Boxes | None]) -> int:
    """How many labels there are, if the largest that occurs is the last."""
    largest = (
        int(np.max(item.labels))
        for item in boxes
        if item is not None and len(item.labels)
    )
    return max(largest, default=-1) + 1


def read_truth(path: str) -> dict[str, Any]:
    """Read a file of the COCO form as the backends need it.

    Args:
        path (str): The file.

    Returns:
        dict: ``images``, ``categories`` and ``annotations``, the latter
        numbered from 1 (0 means 'no match' to the backends) and all with
        ``area`` and ``iscrowd``.

    Raises:
        ValueError: If it lacks one of the three.
    """
    raw = json.loads(Path(path).read_text(encoding='utf-8'))
    missing = {'images', 'annotations', 'categories'} - set(raw)
    if missing:
        raise ValueError(f'{path} has no {", ".join(sorted(missing))}')
    annotations = [
        {
            'image_id': item['image_id'],
            'category_id': item['category_id'],
            'bbox': item['bbox'],
            'area': item.get('area', item['bbox'][2] * item['bbox'][3]),
            'iscrowd': int(item.get('iscrowd', 0)),
            'id': number,
        }
        for number, item in enumerate(raw['annotations'], 1)
    ]
    return {
        'images': raw['images'],
        'categories': raw['categories'],
        'annotations': annotations,
    }


def coco_dataset(
    true: Sequence[Boxes | None],
    images: Sequence[Mapping[str, Any]],
    categories: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Make a data set of the COCO form.

    ``area`` is that of the box, as there is no outline.

    Args:
        true (Sequence[Boxes | None]): Of each picture; None has none.
        images (Sequence[Mapping[str, Any]]): Of each picture ``id``, and
            what else is known.
        categories (Sequence[Mapping[str, Any]]): ``id`` and ``name`` of each
            label.

    Returns:
        dict[str, Any]: ``images``, ``annotations``, ``categories``.

    Raises:
        ValueError: If a label has no category.
    """
    crowds = [
        np.zeros(len(boxes.labels), int)
        if boxes.crowds is None
        else np.asarray(boxes.crowds, int)
        for boxes in true
        if boxes is not None
    ]
    flags = np.concatenate(crowds).tolist() if crowds else []
    rows = _rows(true, images, categories)
    annotations = [
        {
            'id': number,
            'image_id': image_id,
            'category_id': category_id,
            'bbox': bbox,
            'area': bbox[2] * bbox[3],
            'iscrowd': flag,
        }
        for number, ((image_id, category_id, bbox), flag) in enumerate(
            zip(rows, flags, strict=True), 1
        )
    ]
    return {
        'images': [*images],
        'annotations': annotations,
        'categories': [*categories],
    }


def coco_detections(
    predicted: Sequence[Boxes | None],
    images: Sequence[Mapping[str, Any]],
    categories: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Make a list of results of the COCO form.

    Those with a number that is not finite are left out: COCO's file has no
    word for it, and a model that diverged is never right by chance.

    Args:
        predicted (Sequence[Boxes | None]): Of each picture.
        images (Sequence[Mapping[str, Any]]): See :func:`coco_dataset`.
        categories (Sequence[Mapping[str, Any]]): See there.

    Returns:
        list[dict[str, Any]]: ``image_id``, ``category_id``, ``bbox`` (x, y,
        width, height) and ``score`` of each detection.

    Raises:
        ValueError: If a label has no category.
    """
    finite = [None if boxes is None else _finite(boxes) for boxes in predicted]
    scores = [
        np.asarray(boxes.scores, float)
        for boxes in finite
        if boxes is not None
    ]
    values = np.concatenate(scores).tolist() if scores else []
    return [
        {
            'image_id': image_id,
            'category_id': category_id,
            'bbox': bbox,
            'score': score,
        }
        for (image_id, category_id, bbox), score in zip(
            _rows(finite, images, categories), values, strict=True
        )
    ]


def _finite(boxes: Boxes) -> Boxes:
    assert boxes.scores is not None
    sound = np.isfinite(boxes.bboxes).all(1) & np.isfinite(boxes.scores)
    if sound.all():
        return boxes
    return Boxes(boxes.bboxes[sound], boxes.labels[sound], boxes.scores[sound])


def _rows(
    boxes: Sequence[Boxes | None],
    images: Sequence[Mapping[str, Any]],
    categories: Sequence[Mapping[str, Any]],
) -> Iterable[tuple[int, int, list[float]]]:
    """Picture, category and box, of all pictures in one go."""
    pairs = [
        (i, b) for i, b in zip(images, boxes, strict=True) if b is not None
    ]
    if not pairs:
        return ()
    labels = np.concatenate([np.asarray(b.labels, int) for _, b in pairs])
    outside = labels[(labels < 0) | (labels >= len(categories))]
    if outside.size:
        raise ValueError(
            f'label {outside[0]} is none of the {len(categories)} categories'
        )
    corners = np.concatenate(
        [np.asarray(b.bboxes, float).reshape(-1, 4) for _, b in pairs]
    )
    corners[:, 2:] -= corners[:, :2]
    category_ids = np.array([c['id'] for c in categories], int)[labels]
    counts = [len(b.labels) for _, b in pairs]
    image_ids = np.repeat([image['id'] for image, _ in pairs], counts)
    return zip(
        image_ids.tolist(),
        category_ids.tolist(),
        corners.tolist(),
        strict=True,
    )


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the garbage collector.

    Half a million small dicts would set it off again and again, for nothing:
    they hold no cycles. It takes a third of the time of an evaluation.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
