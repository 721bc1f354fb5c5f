"""The libraries that match boxes as COCO does; they give the same numbers."""

import contextlib
import importlib.util
import io
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

BACKENDS = ('auto', 'pycocotools', 'faster_coco_eval')
Record = Mapping[str, Any]


class Curves(NamedTuple):
    """What the matching gives; -1 where there is nothing to be found.

    Shape letters: T IoU thresholds, R levels of recall, K categories, A
    ranges of area, M numbers of detections.

    Args:
        precision (np.ndarray): float64 ``[T, R, K, A, M]``.
        recall (np.ndarray): float64 ``[T, K, A, M]``.
    """

    precision: np.ndarray
    recall: np.ndarray


def choose_backend(name: str = 'auto') -> str:
    """Find the library to use.

    Args:
        name (str): 'pycocotools', 'faster_coco_eval', or 'auto' for the
            latter where it is installed, else the former. Defaults to
            'auto'.

    Returns:
        str: Its name.

    Raises:
        ValueError: If there is no such backend, or it is not installed.
    """
    if name not in BACKENDS:
        raise ValueError(f'backend must be one of {BACKENDS}, got {name!r}')
    wanted = ('faster_coco_eval', 'pycocotools') if name == 'auto' else (name,)
    for module in wanted:
        if importlib.util.find_spec(module) is not None:
            return module
    raise ValueError(
        f'backend {name!r} is not installed: pip install '
        f'{wanted[-1].replace("_", "-")}'
    )


def match_boxes(
    dataset: Record,
    detections: Sequence[Record],
    image_ids: Sequence[int],
    max_dets: Sequence[int],
    backend: str,
) -> Curves:
    """Match detections with the truth.

    Args:
        dataset (Mapping[str, Any]): ``images``, ``annotations`` and
            ``categories`` of the COCO form; ids of annotations from 1.
        detections (Sequence[Mapping[str, Any]]): ``image_id``,
            ``category_id``, ``bbox`` and ``score``, and as an annotation
            has them ``id``, ``area`` and ``iscrowd``.
        image_ids (Sequence[int]): Which pictures count.
        max_dets (Sequence[int]): How many detections of a picture and
            category count at most, rising.
        backend (str): As :func:`choose_backend` gives it.

    Returns:
        Curves: Precision and recall.
    """
    coco, coco_eval = _classes_of(backend)
    # Evaluation marks true boxes; those given stay as they are.
    true = [{**item} for item in dataset['annotations']]
    # They print as they go.
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = coco_eval(
            _indexed(coco(), {**dataset, 'annotations': true}),
            _indexed(coco(), {**dataset, 'annotations': [*detections]}),
            'bbox',
        )
        evaluation.params.imgIds = [*image_ids]
        evaluation.params.maxDets = [*max_dets]
        evaluation.evaluate()
        evaluation.accumulate()
    found = evaluation.eval
    return Curves(np.asarray(found['precision']), np.asarray(found['recall']))


def _classes_of(backend: str) -> tuple[Any, Any]:
    if backend == 'pycocotools':
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval

        return COCO, COCOeval
    from faster_coco_eval import COCO, COCOeval_faster

    return COCO, COCOeval_faster


def _indexed(coco: Any, dataset: dict[str, Any]) -> Any:
    coco.dataset = dataset
    coco.createIndex()
    return coco
