"""Random boxes: true ones, and detections near to some of them."""

import numpy as np

from trimodal.evaluation.functional import Boxes


def random_boxes(
    images: int = 12,
    classes: int = 3,
    crowds: bool = False,
    seed: int = 0,
    detections: int = 30,
    ties: bool = False,
) -> tuple[list[Boxes], list[Boxes]]:
    """Predicted and true ones of each picture; some have none."""
    rng = np.random.default_rng(seed)
    predicted, true = [], []
    for index in range(images):
        count = 0 if index % 5 == 4 else int(rng.integers(1, 9))
        corner = rng.uniform(0, 300, (count, 2))
        size = np.exp(rng.uniform(2, 5.5, (count, 2)))
        bboxes = np.concatenate([corner, corner + size], 1)
        labels = rng.integers(0, classes, count)
        flags = rng.random(count) < 0.2 if crowds else None
        true.append(Boxes(bboxes, labels, None, flags))
        if index % 7 == 6 or not count:
            none = np.zeros((count, 4))[:0]
            predicted.append(Boxes(none, np.zeros(0, int), np.zeros(0)))
            continue
        near = rng.integers(0, count, detections)
        moved = bboxes[near] + rng.normal(0, 6, (detections, 4))
        moved[:, 2:] = np.maximum(moved[:, 2:], moved[:, :2] + 1)
        other = rng.random(detections) < 0.2
        found = np.where(
            other, rng.integers(0, classes, detections), labels[near]
        )
        scores = rng.random(detections)
        if ties:
            scores = np.floor(10 * scores) / 10
        predicted.append(Boxes(moved.astype(np.float32), found, scores))
    return predicted, true
