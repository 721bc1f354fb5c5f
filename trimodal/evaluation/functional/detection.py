"""COCO's figures: average precision and recall of boxes.

Shape letters: T IoU thresholds, R levels of recall, K categories, A ranges
of area, M numbers of detections.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from trimodal.evaluation.functional.coco_backends import (
    Curves,
    choose_backend,
    match_boxes,
)
from trimodal.evaluation.functional.coco_json import (
    Boxes,
    coco_dataset,
    coco_detections,
    collector_paused,
    count_labels,
)

MAX_DETS = (1, 10, 100)
SIZES = ('all', 'small', 'medium', 'large')
# Each with its name in COCO's table and its place among the thresholds.
EVERY = '0.50:0.95'
THRESHOLDS = (
    ('AP', EVERY, slice(None)),
    ('AP50', '0.50', slice(0, 1)),
    ('AP75', '0.75', slice(5, 6)),
)
LINE = ' {:<18} {} @[ IoU={:<9} | area={:>6s} | maxDets={:>3d} ] = {:0.3f}'


class Figure(NamedTuple):
    """One line of COCO's table.

    Args:
        name (str): ``AP``, ``AP50``, ``AP_s``, ``AR@10`` and so on.
        iou (str): The thresholds of the overlap.
        size (str): Of the boxes that count.
        max_dets (int): How many detections of a picture count.
        value (float): NaN where there is nothing to be found.
    """

    name: str
    iou: str
    size: str
    max_dets: int
    value: float


class CocoScores(NamedTuple):
    """The figures of an evaluation.

    Args:
        figures (tuple[Figure, ...]): Those of COCO's table, in its order.
        per_class (np.ndarray): float64 ``[K]``: AP of each category, in the
            order of the data set; NaN where it has no true box.
    """

    figures: tuple[Figure, ...]
    per_class: np.ndarray

    def to_dict(self) -> dict[str, float]:
        """The figures by name."""
        return {figure.name: figure.value for figure in self.figures}

    def table(self) -> str:
        """COCO's table as it is known; -1 stands for NaN."""
        return '\n'.join(
            LINE.format(
                'Average Precision' if name[1] == 'P' else 'Average Recall',
                f'({name[:2]})',
                iou,
                size,
                max_dets,
                -1 if np.isnan(value) else value,
            )
            for name, iou, size, max_dets, value in self.figures
        )


def coco_scores(
    dataset: Mapping[str, Any],
    detections: Sequence[Mapping[str, Any]],
    image_ids: Sequence[int] | None = None,
    max_dets: Sequence[int] = MAX_DETS,
    backend: str = 'auto',
) -> CocoScores:
    """Compute COCO's figures.

    Args:
        dataset (Mapping[str, Any]): ``images``, ``annotations`` and
            ``categories`` of the COCO form; ids of annotations from 1.
        detections (Sequence[Mapping[str, Any]]): Results of the COCO form.
        image_ids (Sequence[int] | None): The pictures that count. Defaults
            to None: all.
        max_dets (Sequence[int]): How many detections of a picture and
            category count at most, rising; average precision is for the
            last. Defaults to (1, 10, 100).
        backend (str): See :func:`choose_backend`. Defaults to 'auto'.

    Returns:
        CocoScores: All of them NaN without pictures, categories or true
        boxes, and 0 without detections.

    Raises:
        ValueError: If the backend is unknown or not installed.

    Examples:
        >>> from trimodal.evaluation.functional import coco_scores
        >>> dataset = {
        ...     'images': [{'id': 1}], 'categories': [{'id': 1}],
        ...     'annotations': [{'id': 1, 'image_id': 1, 'category_id': 1,
        ...                      'bbox': [0, 0, 9, 9], 'area': 81,
        ...                      'iscrowd': 0}]}
        >>> found = [{'image_id': 1, 'category_id': 1, 'score': 0.7,
        ...           'bbox': [0, 0, 9, 8]}]
        >>> scores = coco_scores(dataset, found).to_dict()
        >>> scores['AP50'], round(scores['AP'], 3)
        (1.0, 0.8)
    """
    backend = choose_backend(backend)
    if image_ids is None:
        image_ids = [image['id'] for image in dataset['images']]
    if not (image_ids and dataset['categories']):
        return scores_of(
            _empty(len(dataset['categories']), max_dets), max_dets
        )
    numbered = [
        {
            **found,
            'id': number,
            'area': found['bbox'][2] * found['bbox'][3],
            'iscrowd': 0,
        }
        for number, found in enumerate(detections, 1)
    ]
    curves = match_boxes(dataset, numbered, image_ids, max_dets, backend)
    # The backends sort the categories by their ids.
    places = np.argsort(np.argsort([c['id'] for c in dataset['categories']]))
    return scores_of(Curves(*(c.take(places, -3) for c in curves)), max_dets)


@collector_paused()
def box_scores(
    predicted: Sequence[Boxes],
    true: Sequence[Boxes],
    max_dets: Sequence[int] = MAX_DETS,
    backend: str = 'auto',
) -> CocoScores:
    """Compute COCO's figures on arrays.

    Args:
        predicted (Sequence[Boxes]): Of each picture, with scores.
        true (Sequence[Boxes]): Of each picture.
        max_dets (Sequence[int]): See :func:`coco_scores`. Defaults to (1,
            10, 100).
        backend (str): See there. Defaults to 'auto'.

    Returns:
        CocoScores: See there.

    Raises:
        ValueError: If the two are not as long as each other, or the backend
            is unknown or not installed.
    """
    count = count_labels([*predicted, *true])
    images = [{'id': number} for number in range(1, len(true) + 1)]
    categories = [
        {'id': label + 1, 'name': str(label)} for label in range(count)
    ]
    return coco_scores(
        coco_dataset(true, images, categories),
        coco_detections(predicted, images, categories),
        None,
        max_dets,
        backend,
    )


def scores_of(curves: Curves, max_dets: Sequence[int]) -> CocoScores:
    """Average what the matching gave, as COCO does.

    Args:
        curves (Curves): Precision ``[T, R, K, A, M]``, recall
            ``[T, K, A, M]``.
        max_dets (Sequence[int]): Their M numbers of detections.

    Returns:
        CocoScores: The figures.
    """
    precision, recall = curves
    most = max_dets[-1]
    figures = [
        Figure(name, iou, 'all', most, _mean(precision[place, ..., 0, -1]))
        for name, iou, place in THRESHOLDS
    ]
    sizes = [*enumerate(SIZES)][1:]
    figures += [
        Figure(
            f'AP_{size[0]}', EVERY, size, most, _mean(precision[..., i, -1])
        )
        for i, size in sizes
    ]
    figures += [
        Figure(f'AR@{count}', EVERY, 'all', count, _mean(recall[..., 0, i]))
        for i, count in enumerate(max_dets)
    ]
    figures += [
        Figure(f'AR_{size[0]}', EVERY, size, most, _mean(recall[..., i, -1]))
        for i, size in sizes
    ]
    of_classes = np.moveaxis(precision[..., 0, -1], 2, 0)
    per_class = np.array([_mean(values) for values in of_classes], float)
    return CocoScores(tuple(figures), per_class)


def _mean(values: np.ndarray) -> float:
    known = values[values > -1]
    return float(known.mean()) if known.size else float('nan')


def _empty(categories: int, max_dets: Sequence[int]) -> Curves:
    shape = (categories, len(SIZES), len(max_dets))
    return Curves(np.full((10, 101, *shape), -1), np.full((10, *shape), -1))
