"""Turning a photo into a short video: a camera held in a hand.

The motion is made, not recorded: a smooth, small shift, zoom and rotation
of the whole picture. The hand in it keeps its shape.
"""

from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np

_MOTIONS = 4  # right, down, zoom, rotation
_MAX_SHIFT = 0.04  # of the frame
_MAX_ZOOM = 0.05
_MAX_DEGREES = 6.0


@dataclass(frozen=True)
class CameraMotion:
    """A camera's sway: a sine for each way that it moves.

    Args:
        sway (tuple[float, ...]): Largest shift to the right and down, as
            parts of the frame, largest relative zoom, and largest rotation
            in degrees.
        cycles (tuple[float, ...]): Periods of each during the clip.
        phases (tuple[float, ...]): Where in its period each begins, 0 to 1.
    """

    sway: tuple[float, ...]
    cycles: tuple[float, ...]
    phases: tuple[float, ...]

    @classmethod
    def draw(cls, rng: np.random.Generator) -> 'CameraMotion':
        """A random motion within the limits."""
        limits = (_MAX_SHIFT, _MAX_SHIFT, _MAX_ZOOM, _MAX_DEGREES)
        sway = rng.uniform(0.3, 1.0, _MOTIONS) * limits
        cycles = rng.uniform(0.4, 1.0, _MOTIONS)
        phases = rng.uniform(0.0, 1.0, _MOTIONS)
        # Rounded, so that what the metadata says is what was done.
        drawn = [v.round(4).tolist() for v in (sway, cycles, phases)]
        return cls(*map(tuple, drawn))

    def path(self, frames: int) -> np.ndarray:
        """Where the camera is.

        Args:
            frames (int): Number of frames T.

        Returns:
            numpy.ndarray: float64 ``[T, 4]``: shift right, shift down,
            zoom, degrees.
        """
        time = np.linspace(0.0, 1.0, frames)[:, None]
        turns = time * self.cycles + self.phases
        return np.asarray(self.sway) * np.sin(2 * np.pi * turns)

    def to_dict(self) -> dict[str, Any]:
        """The motion as JSON content."""
        return asdict(self)


def film(
    photo: np.ndarray, motion: CameraMotion, frames: int, size: int = 256
) -> np.ndarray:
    """Film a photo, set in a frame with half its size as border all round.

    The border repeats the photo's edge: a hand detector wants room around
    a hand.

    Args:
        photo (numpy.ndarray): uint8 ``[height, width, 3]``.
        motion (CameraMotion): How the camera moves.
        frames (int): Number of frames T.
        size (int): Height and width of the video. Defaults to 256.

    Returns:
        numpy.ndarray: uint8 ``[T, size, size, 3]``.
    """
    height, width = photo.shape[:2]
    scale = size / (2 * max(height, width))
    centre = ((width - 1) / 2, (height - 1) / 2)
    middle = (size - 1) / 2
    clip = np.empty((frames, size, size, 3), np.uint8)
    for frame, (right, down, zoom, degrees) in zip(
        clip, motion.path(frames), strict=True
    ):
        matrix = np.asarray(
            cv2.getRotationMatrix2D(centre, degrees, scale * (1 + zoom)),
            np.float64,
        )
        matrix[:, 2] += middle - np.asarray(centre)
        matrix[:, 2] += size * np.asarray((right, down))
        frame[:] = cv2.warpAffine(
            photo,
            matrix,
            (size, size),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
    return clip
