"""Bounding boxes follow what happens to their picture.

Boxes are float32 ``[N, 4]``: x1, y1, x2, y2 in pixels, where the picture's
edges are 0 and its width or height.
"""

from collections.abc import Callable

import numpy as np

from trimodal.datasets.transforms.base import Results

BOXES_OF = 'image'
MIN_BOX_SIZE = 1.0
# What is known of each box beside its place.
COMPANIONS = ('gt_bboxes_labels', 'gt_bboxes_scores', 'gt_bboxes_crowds')


def with_boxes(
    results: Results,
    key: str,
    image: np.ndarray,
    move: Callable[[np.ndarray], np.ndarray],
    min_size: float = MIN_BOX_SIZE,
) -> Results:
    """The changes that a geometric transform of a picture makes.

    Moved boxes are cut to the picture; those less than ``min_size`` wide or
    high are dropped, with all that is known of them. The boxes belong to the
    modality 'image': other keys' pictures change alone.

    Args:
        results (dict): The sample before the transform.
        key (str): The picture's key.
        image (np.ndarray): The new picture, ``[height, width, 3]``.
        move (Callable): Gives the boxes' new place, ``[N, 4] -> [N, 4]``.
        min_size (float): In pixels of the new picture. Defaults to 1.0.

    Returns:
        dict: The keys that change.
    """
    changed: Results = {key: image}
    if key != BOXES_OF:
        return changed
    height, width = image.shape[:2]
    changed['img_shape'] = (height, width)
    if results.get('gt_bboxes') is None:
        return changed
    boxes = move(np.asarray(results['gt_bboxes'], np.float32))
    limits = np.array([width, height, width, height], np.float32)
    boxes = np.clip(boxes, 0, limits).astype(np.float32)
    kept = (boxes[:, 2:] - boxes[:, :2] >= min_size).all(axis=1)
    changed['gt_bboxes'] = boxes[kept]
    for name in COMPANIONS:
        if results.get(name) is not None:
            changed[name] = np.asarray(results[name])[kept]
    return changed


def scaled(boxes: np.ndarray, x: float, y: float) -> np.ndarray:
    """Boxes of a picture stretched by ``x`` and ``y``."""
    return boxes * np.array([x, y, x, y], np.float32)


def flipped(boxes: np.ndarray, size: int, axis: int = 0) -> np.ndarray:
    """Boxes of a picture of that ``size``, mirrored along x (0) or y (1)."""
    mirrored = boxes.copy()
    mirrored[:, axis::2] = size - boxes[:, axis::2][:, ::-1]
    return mirrored


def warped(boxes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Upright boxes around the corners after an affine ``[2, 3]`` map."""
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
    corners = corners @ matrix[:, :2].T + matrix[:, 2]
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
