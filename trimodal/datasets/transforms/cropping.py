"""Cutting parts out of pictures with an eye on their boxes.

Pictures are uint8 ``[height, width, 3]``.
"""

from collections.abc import Sequence

import numpy as np

from trimodal.datasets.transforms.base import ModalityTransform, Results
from trimodal.datasets.transforms.boxes import COMPANIONS, with_boxes
from trimodal.datasets.transforms.checks import (
    check_integer,
    check_number,
    check_range,
)
from trimodal.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomIoUCrop(ModalityTransform):
    """Cut out a random part that still shows a box.

    The sampling of `SSD: Single Shot MultiBox Detector
    <https://arxiv.org/abs/1512.02325>`_, as in torchvision's class of this
    name: an overlap is drawn from ``min_overlaps``, then parts, until the
    centre of a box lies in one and that box and the part overlap (intersection
    over union) by as much. Boxes whose centre lies outside are dropped, the
    others cut. If no part will do the picture stays whole; without boxes
    any part will. The part is not resized.

    Args:
        min_overlaps (Sequence[float]): Defaults to (0.0, 0.1, 0.3, 0.5, 0.7,
            0.9).
        scale (Sequence[float]): Smallest and largest share of the width and
            of the height. Defaults to (0.3, 1.0).
        ratio (Sequence[float]): Smallest and largest width / height.
            Defaults to (0.5, 2.0).
        trials (int): How many parts to try. Defaults to 40.
        prob (float): How likely a picture is cut. Defaults to 0.8.
        key (str): The modality's key. Defaults to 'image'.

    Raises:
        ValueError: If ``min_overlaps`` is empty or has a number outside
            [0, 1], ``scale`` is no range inside [0.01, 1] or ``ratio`` none
            inside [0.01, 100], ``trials`` is below 1 or ``prob`` outside
            [0, 1].

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import RandomIoUCrop
        >>> sample = dict(image=np.zeros((48, 64, 3), np.uint8),
        ...               gt_bboxes=np.array([[20, 20, 40, 30]]))
        >>> cut = RandomIoUCrop(prob=1.0)(sample)
        >>> len(cut['gt_bboxes'])
        1
    """

    def __init__(
        self,
        min_overlaps: Sequence[float] = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9),
        scale: Sequence[float] = (0.3, 1.0),
        ratio: Sequence[float] = (0.5, 2.0),
        trials: int = 40,
        prob: float = 0.8,
        key: str = 'image',
    ) -> None:
        super().__init__(key, prob)
        if isinstance(min_overlaps, str) or not min_overlaps:
            raise ValueError(
                'min_overlaps must be one or more numbers, got '
                f'{min_overlaps!r}'
            )
        self.min_overlaps = tuple(
            check_number('min_overlaps', value, 0, 1) for value in min_overlaps
        )
        self.scale = check_range('scale', scale, 0.01, 1)
        self.ratio = check_range('ratio', ratio, 0.01, 100)
        self.trials = check_integer('trials', trials, 1)

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Cut out a drawn part."""
        image, boxes = results[self.key], results.get('gt_bboxes')
        if boxes is None:
            boxes = np.zeros((0, 4))
        height, width = image.shape[:2]
        part = self.draw(width, height, boxes, rng)
        if part == (0, 0, width, height):
            return {}
        x, y, w, h = part
        kept = centred_in(boxes, part)
        inside = {
            name: np.asarray(results[name])[kept]
            for name in ('gt_bboxes', *COMPANIONS)
            if results.get(name) is not None
        }
        corner = np.array([x, y, x, y], np.float32)
        cut = np.ascontiguousarray(image[y : y + h, x : x + w])
        return with_boxes(inside, self.key, cut, lambda b: b - corner)

    def draw(
        self,
        width: int,
        height: int,
        boxes: np.ndarray,
        rng: np.random.Generator,
    ) -> tuple[int, int, int, int]:
        """Draw a part of a picture.

        Args:
            width (int): The picture's width in pixels.
            height (int): Its height.
            boxes (np.ndarray): float ``[N, 4]``.
            rng (numpy.random.Generator): The source of chance.

        Returns:
            tuple[int, int, int, int]: x and y of the upper left corner,
            width and height of the part.
        """
        least = self.min_overlaps[int(rng.integers(len(self.min_overlaps)))]
        for _ in range(self.trials):
            w = int(width * rng.uniform(*self.scale))
            h = int(height * rng.uniform(*self.scale))
            if not (w and h and self.ratio[0] <= w / h <= self.ratio[1]):
                continue
            x = int(rng.integers(width - w + 1))
            y = int(rng.integers(height - h + 1))
            part = (x, y, w, h)
            kept = boxes[centred_in(boxes, part)]
            if not len(boxes) or (
                len(kept) and overlaps(kept, part).max() >= least
            ):
                return part
        return 0, 0, width, height


def centred_in(
    boxes: np.ndarray, part: tuple[int, int, int, int]
) -> np.ndarray:
    """Which boxes (``[N, 4]``) have their centre in (x, y, width, height)."""
    x, y, width, height = part
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 - [x, y]
    return ((centre > 0) & (centre < [width, height])).all(axis=1)


def overlaps(boxes: np.ndarray, part: tuple[int, int, int, int]) -> np.ndarray:
    """Intersection over union of boxes (``[N, 4]``) with a part: ``[N]``."""
    x, y, width, height = part
    upper = np.maximum(boxes[:, :2], [x, y])
    lower = np.minimum(boxes[:, 2:], [x + width, y + height])
    common = np.clip(lower - upper, 0, None).prod(axis=1)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return common / (area + width * height - common)
