"""Augmentation of sensor readings."""

import numpy as np

from trimodal.datasets.transforms import ModalityTransform
from trimodal.registry import TRANSFORMS


@TRANSFORMS.register_module()
class TurnSensor(ModalityTransform):
    """Turns acceleration and rotation about the third axis.

    Args:
        angle (float): Largest angle, in degrees.
    """

    def __init__(self, angle: float) -> None:
        super().__init__(key='imu')
        self.angle = angle

    def augment(self, results, rng):
        turn = np.deg2rad(rng.uniform(-self.angle, self.angle))
        c, s = np.cos(turn), np.sin(turn)
        matrix = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32)
        readings = results['imu'].reshape(-1, 2, 3) @ matrix.T
        return {'imu': readings.reshape(-1, 6)}
