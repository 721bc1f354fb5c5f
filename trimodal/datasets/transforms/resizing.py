"""Augmentations that set a picture's size; boxes are carried along.

Pictures are uint8 ``[height, width, 3]``.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from trimodal.datasets.transforms.base import ModalityTransform, Results
from trimodal.datasets.transforms.boxes import scaled, with_boxes
from trimodal.datasets.transforms.checks import check_range, check_size
from trimodal.registry import TRANSFORMS


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize: averaging areas when shrinking, bilinear when enlarging."""
    if image.shape[:2] == (height, width):
        return image
    shrinks = height * width < image.shape[0] * image.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=interpolation)


def resized(
    results: Results, key: str, size: tuple[int, int], keep_ratio: bool
) -> Results:
    """The changes of a resized picture, with its boxes.

    Args:
        results (dict): The sample before.
        key (str): The picture's key.
        size (tuple[int, int]): Height and width.
        keep_ratio (bool): Whether to keep the shape: the picture then fits
            inside ``size`` and touches it.

    Returns:
        dict: The keys that change.
    """
    old_height, old_width = results[key].shape[:2]
    height, width = size
    if keep_ratio:
        factor = min(height / old_height, width / old_width)
        height = max(1, round(old_height * factor))
        width = max(1, round(old_width * factor))
    return with_boxes(
        results,
        key,
        resize(results[key], height, width),
        lambda boxes: scaled(boxes, width / old_width, height / old_height),
        min_size=0,  # the picture is all there, and so is what is in it
    )


@TRANSFORMS.register_module()
class RandomResizedCrop(ModalityTransform):
    """Cut a random part out of the picture and resize it.

    Area and shape are drawn as in torchvision's class of this name; if no
    such part fits in ten draws, the largest central one of an allowed shape
    is taken. Boxes are cut to the part; what is left of less than a pixel
    is dropped.

    Args:
        size (int | Sequence[int]): Side of a square, or (height, width), of
            the result in pixels.
        scale (Sequence[float]): Smallest and largest share of the area.
            Defaults to (0.08, 1.0).
        ratio (Sequence[float]): Smallest and largest width / height.
            Defaults to (3 / 4, 4 / 3).
        key (str): The modality's key. Defaults to 'image'.

    Raises:
        ValueError: If ``size`` is not one or two positive integers,
            ``scale`` no range inside [0.0001, 1] or ``ratio`` none inside
            [0.01, 100].

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import RandomResizedCrop
        >>> sample = dict(image=np.zeros((48, 64, 3), np.uint8))
        >>> RandomResizedCrop(size=32)(sample)['image'].shape
        (32, 32, 3)
    """

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3 / 4, 4 / 3),
        key: str = 'image',
    ) -> None:
        super().__init__(key)
        self.size = check_size('size', size)
        self.scale = check_range('scale', scale, 1e-4, 1)
        self.ratio = check_range('ratio', ratio, 0.01, 100)

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Crop a drawn part and resize it."""
        image = results[self.key]
        x, y, width, height = self.draw(image.shape[1], image.shape[0], rng)
        resized = resize(image[y : y + height, x : x + width], *self.size)
        corner = np.array([x, y, x, y], np.float32)
        return with_boxes(
            results,
            self.key,
            resized,
            lambda boxes: scaled(
                boxes - corner, self.size[1] / width, self.size[0] / height
            ),
        )

    def draw(
        self, width: int, height: int, rng: np.random.Generator
    ) -> tuple[int, int, int, int]:
        """Draw the part of a picture of the given size.

        Args:
            width (int): The picture's width in pixels.
            height (int): Its height.
            rng (numpy.random.Generator): The source of chance.

        Returns:
            tuple[int, int, int, int]: x and y of the upper left corner,
            width and height of the part.
        """
        low, high = np.log(self.ratio)
        for _ in range(10):
            area = width * height * rng.uniform(*self.scale)
            ratio = math.exp(rng.uniform(low, high))
            w = round(math.sqrt(area * ratio))
            h = round(math.sqrt(area / ratio))
            if 0 < w <= width and 0 < h <= height:
                x = int(rng.integers(width - w + 1))
                y = int(rng.integers(height - h + 1))
                return x, y, w, h
        ratio = min(max(width / height, self.ratio[0]), self.ratio[1])
        w = min(width, max(1, round(height * ratio)))
        h = min(height, max(1, round(width / ratio)))
        return (width - w) // 2, (height - h) // 2, w, h


@TRANSFORMS.register_module()
class Resize(ModalityTransform):
    """Resize the picture.

    Args:
        size (int | Sequence[int]): Side of a square, or (height, width), in
            pixels.
        keep_ratio (bool): Whether to keep the shape: the picture then fits
            inside ``size`` and touches it. Defaults to False.
        key (str): The modality's key. Defaults to 'image'.

    Raises:
        ValueError: If ``size`` is not one or two positive integers.

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import Resize
        >>> sample = dict(image=np.zeros((48, 64, 3), np.uint8))
        >>> Resize(size=32)(sample)['image'].shape
        (32, 32, 3)
        >>> Resize(size=32, keep_ratio=True)(sample)['image'].shape
        (24, 32, 3)
    """

    def __init__(
        self,
        size: int | Sequence[int],
        keep_ratio: bool = False,
        key: str = 'image',
    ) -> None:
        super().__init__(key)
        self.size = check_size('size', size)
        self.keep_ratio = keep_ratio

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Resize picture and boxes."""
        return resized(results, self.key, self.size, self.keep_ratio)


@TRANSFORMS.register_module()
class RandomResize(ModalityTransform):
    """Resize the picture to one of several sizes, so that scales vary.

    Args:
        sizes (Sequence[int | Sequence[int]]): Each the side of a square, or
            (height, width), in pixels; one is drawn.
        keep_ratio (bool): Whether to keep the shape, see :class:`Resize`.
            Defaults to False.
        key (str): The modality's key. Defaults to 'image'.

    Raises:
        ValueError: If ``sizes`` is empty, or one of them is not one or two
            positive integers.

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import RandomResize
        >>> sample = dict(image=np.zeros((48, 64, 3), np.uint8))
        >>> shape = RandomResize(sizes=(32, 40), keep_ratio=True)(
        ...     sample)['image'].shape
        >>> shape in [(24, 32, 3), (30, 40, 3)]
        True
    """

    def __init__(
        self,
        sizes: Sequence[int | Sequence[int]],
        keep_ratio: bool = False,
        key: str = 'image',
    ) -> None:
        super().__init__(key)
        if isinstance(sizes, int | str) or not sizes:
            raise ValueError(f'sizes must be one or more sizes, got {sizes!r}')
        self.sizes = tuple(check_size('sizes', size) for size in sizes)
        self.keep_ratio = keep_ratio

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Resize picture and boxes to a drawn size."""
        size = self.sizes[int(rng.integers(len(self.sizes)))]
        return resized(results, self.key, size, self.keep_ratio)
