"""MediaPipe's hand landmarker over the frames of one video."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trimodal.datasets.preparation.hand_slots import LEFT, RIGHT, Hand
from trimodal.datasets.preparation.quiet import quiet_stderr
from trimodal.datasets.preparation.video_io import Sampled

NUM_JOINTS = 21
# MediaPipe's labels name the subject's own hand in a picture that is not
# mirrored (checked on photos of right hands with mediapipe 1.2).
_SIDES = {'Left': LEFT, 'Right': RIGHT}


@dataclass(frozen=True)
class HandOptions:
    """How hands are looked for.

    Args:
        num_hands (int): Hands at most, 1 or 2. With 2, and one in view, the
            slow palm detector runs in every frame: 1 is twice as fast.
        detection_confidence (float): Least score of a palm, 0..1.
        presence_confidence (float): Least score of a hand, 0..1.
        tracking_confidence (float): Least overlap to follow a hand, 0..1.
        border (float): Share of the frame's size added on each side by
            repeating its outermost pixels. Palms that fill the frame are
            missed without.
    """

    num_hands: int = 2
    detection_confidence: float = 0.5
    presence_confidence: float = 0.5
    tracking_confidence: float = 0.5
    border: float = 0.0


def version() -> str:
    """The installed mediapipe's version.

    Raises:
        RuntimeError: If there is none.
    """
    try:
        import mediapipe
    except ImportError as error:
        raise RuntimeError(
            'landmarks from video need mediapipe: pip install mediapipe'
        ) from error
    return mediapipe.__version__


def detect_hands(
    frames: Iterable[Sampled], model: Path, options: HandOptions
) -> tuple[list[list[Hand]], tuple[int, int]]:
    """Find the hands in each tick of a video.

    A landmarker follows hands from frame to frame, and what it holds can't
    be cleared; a fresh one for every video (some 30 ms) keeps the result
    independent of the videos before.

    Args:
        frames (Iterable[Sampled]): Frames at rising times, of one size.
        model (Path): The ``.task`` file.
        options (HandOptions): How to look.

    Returns:
        tuple[list[list[Hand]], tuple[int, int]]: Hands by tick, x, y and z
        in pixels of the frame; and the frame's (width, height).
    """
    hands: list[list[Hand]] = []
    size = (0, 0)
    with _landmarker(model, options) as (detect, to_image):
        stamp = -1
        for time, image, repeats in frames:
            stamp = max(round(time * 1000), stamp + 1)
            size = (image.shape[1], image.shape[0])
            pad = tuple(round(options.border * side) for side in size)
            if any(pad):
                rows, columns = (pad[1], pad[1]), (pad[0], pad[0])
                image = np.pad(image, (rows, columns, (0, 0)), 'edge')
            found = _to_hands(detect(to_image(image), stamp), image, pad)
            hands += [found] * repeats
    return hands, size


def _to_hands(
    result: Any, image: np.ndarray, pad: tuple[int, ...]
) -> list[Hand]:
    """MediaPipe's result in pixels of the frame without its border."""
    height, width = image.shape[:2]
    # x and y come as shares of the picture; z on the scale of x.
    scale = np.array([width, height, width])
    hands = []
    for joints, sides in zip(
        result.hand_landmarks, result.handedness, strict=True
    ):
        shares = np.array([[joint.x, joint.y, joint.z] for joint in joints])
        landmarks = shares * scale - [*pad, 0]
        side = _SIDES[sides[0].category_name]
        hands.append(Hand(landmarks, side, float(sides[0].score)))
    return hands


@contextmanager
def _landmarker(model: Path, options: HandOptions) -> Iterator[Any]:
    """MediaPipe's detect function, and what wraps an array for it."""
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    def to_image(array: np.ndarray) -> Any:
        return mediapipe.Image(
            image_format=mediapipe.ImageFormat.SRGB,
            data=np.ascontiguousarray(array),
        )

    settings = vision.HandLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)),
        running_mode=vision.RunningMode.VIDEO,
        num_hands=options.num_hands,
        min_hand_detection_confidence=options.detection_confidence,
        min_hand_presence_confidence=options.presence_confidence,
        min_tracking_confidence=options.tracking_confidence,
    )
    with (
        quiet_stderr(),
        vision.HandLandmarker.create_from_options(settings) as landmarker,
    ):
        yield landmarker.detect_for_video, to_image
