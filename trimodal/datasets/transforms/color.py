"""Augmentations of a picture's colours; nothing moves.

Pictures are uint8 RGB ``[height, width, 3]``. The adjustments are
torchvision's (``adjust_brightness`` and so on), to one grey level.
"""

from collections.abc import Callable

import cv2
import numpy as np

from trimodal.datasets.transforms.base import ModalityTransform, Results
from trimodal.datasets.transforms.checks import check_number
from trimodal.registry import TRANSFORMS

Adjustment = Callable[[np.ndarray, float], np.ndarray]
LEVELS = np.arange(256, dtype=np.float32)


def adjust_brightness(image: np.ndarray, factor: float) -> np.ndarray:
    """Blend with black: every value times ``factor``."""
    return cv2.LUT(image, _to_uint8(LEVELS * factor))


def adjust_contrast(image: np.ndarray, factor: float) -> np.ndarray:
    """Blend with the picture's mean grey."""
    mean = cv2.mean(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))[0]
    return cv2.LUT(image, _to_uint8(LEVELS * factor + mean * (1 - factor)))


def adjust_saturation(image: np.ndarray, factor: float) -> np.ndarray:
    """Blend with the picture in grey."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    grey = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
    return cv2.addWeighted(image, factor, grey, 1 - factor, 0)


def adjust_hue(image: np.ndarray, turn: float) -> np.ndarray:
    """Turn the hue by ``turn`` of the colour circle, in [-0.5, 0.5]."""
    # In float: cv2's 8-bit hue has steps of 2 degrees.
    rgb = image.astype(np.float32)
    hsv: np.ndarray = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)
    # Only upwards: cv2 wraps what exceeds the circle, not what is negative.
    hsv[..., 0] += 360 * (turn % 1)
    return cv2.convertScaleAbs(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def _to_uint8(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


@TRANSFORMS.register_module()
class ColorJitter(ModalityTransform):
    """Change brightness, contrast, saturation and hue in random order.

    The first three are multiplied by factors from ``[max(0, 1 - value), 1 +
    value]``, the hue is turned by an angle from ``[-hue, hue]``, as in
    torchvision's class of this name. What is 0 is left out.

    Args:
        brightness (float): Defaults to 0.2.
        contrast (float): Defaults to 0.2.
        saturation (float): Defaults to 0.2.
        hue (float): As a share of the colour circle. Defaults to 0.0.
        prob (float): How likely a picture is changed. Defaults to 1.0.
        key (str): The modality's key. Defaults to 'image'.

    Raises:
        ValueError: If ``brightness``, ``contrast`` or ``saturation`` is
            negative, ``hue`` outside [0, 0.5], or ``prob`` outside [0, 1].

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import ColorJitter
        >>> sample = dict(image=np.full((8, 8, 3), 100, np.uint8))
        >>> jittered = ColorJitter(brightness=0.5)(sample)['image']
        >>> bool(50 <= jittered.min() <= jittered.max() <= 150)
        True
    """

    def __init__(
        self,
        brightness: float = 0.2,
        contrast: float = 0.2,
        saturation: float = 0.2,
        hue: float = 0.0,
        prob: float = 1.0,
        key: str = 'image',
    ) -> None:
        super().__init__(key, prob)
        self.brightness = check_number('brightness', brightness, 0)
        self.contrast = check_number('contrast', contrast, 0)
        self.saturation = check_number('saturation', saturation, 0)
        self.hue = check_number('hue', hue, 0, 0.5)

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Adjust by drawn factors in a drawn order."""
        image = results[self.key]
        adjustments = self._adjustments()
        for index in rng.permutation(len(adjustments)):
            adjust, low, high = adjustments[index]
            image = adjust(image, rng.uniform(low, high))
        return {self.key: image}

    def _adjustments(self) -> list[tuple[Adjustment, float, float]]:
        factors: tuple[tuple[Adjustment, float], ...] = (
            (adjust_brightness, self.brightness),
            (adjust_contrast, self.contrast),
            (adjust_saturation, self.saturation),
        )
        chosen = [
            (adjust, max(0.0, 1 - value), 1 + value)
            for adjust, value in factors
            if value
        ]
        if self.hue:
            chosen.append((adjust_hue, -self.hue, self.hue))
        return chosen
