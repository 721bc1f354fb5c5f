"""Augmentations that keep a picture's size; boxes are carried along.

Pictures are uint8 ``[height, width, 3]``. cv2 is used on the arrays as they
are: a good deal faster here than torchvision's tensor kernels, which the
tests hold it against.
"""

import cv2
import numpy as np

from trimodal.datasets.transforms.base import ModalityTransform, Results
from trimodal.datasets.transforms.boxes import flipped, warped, with_boxes
from trimodal.datasets.transforms.checks import check_integer, check_number
from trimodal.registry import TRANSFORMS

DIRECTIONS = ('horizontal', 'vertical')


@TRANSFORMS.register_module()
class RandomFlip(ModalityTransform):
    """Mirror the picture left to right, or upside down.

    Args:
        prob (float): How likely a picture is mirrored. Defaults to 0.5.
        direction (str): 'horizontal' (left to right) or 'vertical'. Defaults
            to 'horizontal'.
        key (str): The modality's key. Defaults to 'image'.

    Raises:
        ValueError: If ``prob`` is outside [0, 1] or ``direction`` neither.

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import RandomFlip
        >>> sample = dict(image=np.zeros((8, 8, 3), np.uint8),
        ...               gt_bboxes=np.array([[0, 0, 3, 4]]))
        >>> RandomFlip(prob=1.0)(sample)['gt_bboxes']
        array([[5., 0., 8., 4.]], dtype=float32)
    """

    def __init__(
        self,
        prob: float = 0.5,
        direction: str = 'horizontal',
        key: str = 'image',
    ) -> None:
        super().__init__(key, prob)
        if direction not in DIRECTIONS:
            raise ValueError(
                f'direction must be one of {DIRECTIONS}, got {direction!r}'
            )
        self.direction = direction

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Mirror picture and boxes."""
        # 0 is x in boxes, but the rows in cv2.
        axis = DIRECTIONS.index(self.direction)
        image = cv2.flip(results[self.key], 1 - axis)
        size = image.shape[1 - axis]
        return with_boxes(
            results, self.key, image, lambda boxes: flipped(boxes, size, axis)
        )


@TRANSFORMS.register_module()
class RandomRotate(ModalityTransform):
    """Rotate the picture about its centre; its size stays.

    A box becomes the upright one around its turned corners.

    Args:
        angle (float): Largest angle to either side, in degrees.
            Defaults to 15.0.
        fill (int): Grey value (0 to 255) of what comes in from outside.
            Defaults to 0.
        prob (float): How likely a picture is rotated. Defaults to 1.0.
        key (str): The modality's key. Defaults to 'image'.

    Raises:
        ValueError: If ``angle`` is outside [0, 180], ``fill`` no integer in
            [0, 255], or ``prob`` outside [0, 1].

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import RandomRotate
        >>> sample = dict(image=np.full((32, 32, 3), 9, np.uint8))
        >>> RandomRotate(angle=15)(sample)['image'][16, 16]
        array([9, 9, 9], dtype=uint8)
    """

    def __init__(
        self,
        angle: float = 15.0,
        fill: int = 0,
        prob: float = 1.0,
        key: str = 'image',
    ) -> None:
        super().__init__(key, prob)
        self.angle = check_number('angle', angle, 0, 180)
        check_number('fill', fill, 0, 255)
        self.fill = check_integer('fill', fill, 0)

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Rotate by a drawn angle, positive counter-clockwise."""
        angle = rng.uniform(-self.angle, self.angle)
        image = results[self.key]
        height, width = image.shape[:2]
        # cv2 counts pixel centres, boxes count pixel edges: half a pixel.
        centers = cv2.getRotationMatrix2D(
            ((width - 1) / 2, (height - 1) / 2), angle, 1
        )
        edges = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
        rotated = cv2.warpAffine(
            image, centers, (width, height), borderValue=(self.fill,) * 3
        )
        return with_boxes(
            results, self.key, rotated, lambda boxes: warped(boxes, edges)
        )
