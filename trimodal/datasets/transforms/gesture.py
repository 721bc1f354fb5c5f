"""Augmentations of where hand landmarks are.

Shape letters: T frames, H hands (0 left, 1 right), V joints. Landmarks are
``[T, H, V, 3]``, NaN where a hand is not seen; NaN stay NaN. All work on
landmarks as MediaPipe gives them (x and y in [0, 1], y downwards) as well as
on normalised ones (wrist at the origin, hand size 1), unless said otherwise.
"""

from collections.abc import Sequence

import numpy as np

from trimodal.datasets.transforms.base import ModalityTransform, Results
from trimodal.datasets.transforms.checks import (
    check_number,
    check_point,
    check_range,
)
from trimodal.registry import TRANSFORMS

WRIST, MIDDLE_FINGER_BASE = 0, 9


@TRANSFORMS.register_module()
class SpatialNoise(ModalityTransform):
    """Add independent Gaussian noise to every coordinate.

    The noise is measured in hand sizes: the mean distance from the wrist to
    the base of the middle finger, of each hand over the frames it is seen
    in. So the same ``std`` suits image coordinates and normalised ones.

    Args:
        std (float): Standard deviation in hand sizes. Defaults to 0.02.
        prob (float): How likely a sample is changed. Defaults to 1.0.
        key (str): The modality's key. Defaults to 'gesture'.

    Raises:
        ValueError: If ``std`` is negative or ``prob`` outside [0, 1].

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import SpatialNoise
        >>> sample = dict(gesture=np.full((16, 2, 21, 3), np.nan, np.float16))
        >>> noisy = SpatialNoise(std=0.1)(sample)['gesture']
        >>> noisy.dtype, bool(np.isnan(noisy).all())
        (dtype('float32'), True)
    """

    def __init__(
        self, std: float = 0.02, prob: float = 1.0, key: str = 'gesture'
    ) -> None:
        super().__init__(key, prob)
        self.std = check_number('std', std, 0)

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Add noise scaled by each hand's size."""
        landmarks = results[self.key].astype(np.float32)
        noise = rng.standard_normal(landmarks.shape, np.float32)
        noise *= (self.std * hand_size(landmarks))[:, None, None]
        return {self.key: landmarks + noise}


@TRANSFORMS.register_module()
class MirrorHands(ModalityTransform):
    """Turn a left-handed gesture into a right-handed one and back.

    x is mirrored and the two hands, with their ``{key}_score`` and
    ``{key}_valid``, change slots. Not for classes that tell left from right.

    Args:
        center (float): x of the mirror: 0 for normalised landmarks, 0.5 for
            image coordinates. Defaults to 0.0.
        prob (float): How likely a sample is mirrored. Defaults to 0.5.
        key (str): The modality's key. Defaults to 'gesture'.

    Raises:
        ValueError: If ``center`` is no number or ``prob`` outside [0, 1].

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import MirrorHands
        >>> hands = np.zeros((1, 2, 21, 3), np.float32)
        >>> hands[0, 0, :, 0] = 0.25
        >>> hands[0, 1, :, 0] = 0.5
        >>> mirror = MirrorHands(center=0.5, prob=1.0)
        >>> mirror(dict(gesture=hands))['gesture'][0, :, 0, 0]
        array([0.5 , 0.75], dtype=float32)
    """

    def __init__(
        self, center: float = 0.0, prob: float = 0.5, key: str = 'gesture'
    ) -> None:
        super().__init__(key, prob)
        self.center = check_number('center', center)

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Mirror x and swap the slots."""
        mirrored = results[self.key][:, ::-1].astype(np.float32, 'C')
        mirrored[..., 0] = 2 * self.center - mirrored[..., 0]
        changed = {self.key: mirrored}
        for name, values in per_frame(results, self.key).items():
            changed[name] = values[:, ::-1].copy()
        return changed


@TRANSFORMS.register_module()
class RotateScaleLandmarks(ModalityTransform):
    """Turn and scale the hands, the same way in every frame.

    A hand is turned in the plane of the picture by an angle in
    ``[-angle, angle]`` (positive: from +x to +y), after being tilted about
    the x and the y axis by angles in ``[-tilt, tilt]``. Image coordinates
    should be of a square picture: where x and y have different units, a
    rotation shears.

    Args:
        angle (float): Largest in-plane rotation, in degrees.
            Defaults to 15.0.
        tilt (float): Largest rotation out of the plane, in degrees.
            Defaults to 0.0: in the plane only.
        scale (Sequence[float]): Smallest and largest scale.
            Defaults to (0.9, 1.1).
        center (str | Sequence[float]): The fixed point: 'wrist' (each hand,
            in each frame, keeps its wrist where it is) or ``(x, y, z)``,
            about which a hand's path turns too: (0, 0, 0) for normalised
            landmarks that keep their motion. Of landmarks in the plane, x and
            y count. Defaults to 'wrist'.
        prob (float): How likely a sample is changed. Defaults to 1.0.
        key (str): The modality's key. Defaults to 'gesture'.

    Raises:
        ValueError: If ``angle`` or ``tilt`` is outside [0, 180], ``scale``
            no range inside [0.001, 1000], ``center`` neither 'wrist' nor
            three numbers, or ``prob`` outside [0, 1].

    Examples:
        >>> import numpy as np
        >>> from trimodal.datasets.transforms import RotateScaleLandmarks
        >>> hands = np.full((16, 2, 21, 3), 0.5, np.float32)
        >>> twice = RotateScaleLandmarks(
        ...     angle=0, scale=(2, 2), center=(0, 0, 0))
        >>> twice(dict(gesture=hands))['gesture'][0, 0, 0]
        array([1., 1., 1.], dtype=float32)
    """

    def __init__(
        self,
        angle: float = 15.0,
        tilt: float = 0.0,
        scale: Sequence[float] = (0.9, 1.1),
        center: str | Sequence[float] = 'wrist',
        prob: float = 1.0,
        key: str = 'gesture',
    ) -> None:
        super().__init__(key, prob)
        self.angle = check_number('angle', angle, 0, 180)
        self.tilt = check_number('tilt', tilt, 0, 180)
        self.scale = check_range('scale', scale, 1e-3, 1e3)
        if isinstance(center, str) and center != 'wrist':
            raise ValueError(
                f"center must be 'wrist' or (x, y, z), got {center!r}"
            )
        self.center = (
            center
            if isinstance(center, str)
            else check_point('center', center)
        )

    def augment(self, results: Results, rng: np.random.Generator) -> Results:
        """Apply one drawn rotation and scale to all frames."""
        limits = np.radians([self.tilt, self.tilt, self.angle])
        matrix = rotation(*rng.uniform(-limits, limits))
        matrix *= rng.uniform(*self.scale)
        landmarks = results[self.key].astype(np.float32, copy=False)
        # In the plane, the shadow of what is turned in space remains.
        size = landmarks.shape[-1]
        matrix = matrix[:size, :size]
        center = (
            landmarks[:, :, WRIST : WRIST + 1]
            if isinstance(self.center, str)
            else np.array(self.center[:size], np.float32)
        )
        turned = (landmarks - center) @ matrix.T.astype(np.float32)
        return {self.key: turned + center}


def rotation(about_x: float, about_y: float, about_z: float) -> np.ndarray:
    """Rotation about the fixed x, then y, then z axis (radians), [3, 3]."""
    (sx, sy, sz), (cx, cy, cz) = (
        f((about_x, about_y, about_z)) for f in (np.sin, np.cos)
    )
    x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return z @ y @ x


def per_frame(results: Results, key: str) -> dict[str, np.ndarray]:
    """What the sample tells of each hand in each frame, ``[T, H]``.

    Args:
        results (dict): The sample.
        key (str): The landmarks' key.

    Returns:
        dict[str, np.ndarray]: Those of ``{key}_score`` and ``{key}_valid``
        that the sample has.
    """
    names = (f'{key}_score', f'{key}_valid')
    return {n: results[n] for n in names if results.get(n) is not None}


def hand_size(landmarks: np.ndarray) -> np.ndarray:
    """Mean distance from the wrist to the middle finger's base, by hand.

    Args:
        landmarks (np.ndarray): ``[T, H, V, 3]``.

    Returns:
        np.ndarray: float32 ``[H]``; 0 for a hand that is never seen.
    """
    bone = landmarks[:, :, MIDDLE_FINGER_BASE] - landmarks[:, :, WRIST]
    length = np.sqrt((bone**2).sum(-1))
    seen = ~np.isnan(length)
    total = np.where(seen, length, 0).sum(0)
    return (total / np.maximum(seen.sum(0), 1)).astype(np.float32)
