"""Videos, photos or ready landmarks to hand-landmark sequences."""

from collections.abc import Collection, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from trimodal.datasets.annotation_types import SampleAnnotation
from trimodal.datasets.preparation import filters, hand_landmarker, hand_model
from trimodal.datasets.preparation.base import Prepared, Preparer
from trimodal.datasets.preparation.hand_slots import assign_slots
from trimodal.datasets.preparation.landmark_io import read_landmarks
from trimodal.datasets.preparation.video_io import read_frames
from trimodal.registry import TASK_UTILS
from trimodal.utils import build


@TASK_UTILS.register_module()
class GesturePreparer(Preparer):
    """Hand landmarks at a fixed frame rate, from video or ready ones.

    A video is sampled by timestamp and goes through MediaPipe's hand
    landmarker in VIDEO mode; a photo is a video of one frame. A left hand
    is in slot 0, a right one in slot 1: the person's own, in a picture that
    is not mirrored. Then, for either source: short gaps are filled, jitter
    is smoothed, position and size are taken out.

    Arrays: ``data`` float16 ``[T, 2, 21, 3]``, NaN where a hand is not
    seen; ``score`` float16 ``[T, 2]``, how sure left or right is, 0 where
    the hand is not seen and where a gap was filled; ``valid`` bool ``[T,
    2]``.

    Args:
        target_fps (float): Frames a second. Defaults to 30.
        max_frames (int, optional): Frames at most, what is later is cut.
            Defaults to 300.
        max_gap (int): Frames that a hand may be lost and still be filled in
            by straight lines. Defaults to 5.
        smooth_keypoints (dict, optional): A ``SavgolFilter`` or
            ``OneEuroFilter``, or a filter of one's own: called with ``[T,
            63]`` in hand sizes and the frame rate. None leaves jitter.
            Defaults to None.
        normalize_coordinates (bool): Undo the aspect ratio, take the wrist
            as origin, divide by the hand's size (from wrist to
            middle-finger MCP, the median over the frames). Otherwise x and
            y are shares of the frame's width and height, z is on the scale
            of x. Defaults to True.
        keep_motion (bool): With ``normalize_coordinates``, the origin is
            where the wrist was first seen, not where it is in each frame:
            the hand's path remains. Defaults to False.
        num_hands (int): Hands at most, 1 or 2. 1 is twice as fast on videos
            with one hand. Defaults to 2.
        border (float): Share of the frame's size added on each side for the
            detection, by repeating its outermost pixels: hands that fill the
            frame are missed without. Defaults to 0.0.
        detection_confidence (float): Least score of a palm to start from.
            Defaults to 0.5.
        presence_confidence (float): Least score of a hand. Defaults to 0.5.
        tracking_confidence (float): Least score to follow a hand into the
            next frame. Defaults to 0.5.
        model (str, optional): A ``hand_landmarker.task`` of one's own.
            Defaults to None: the cached one, fetched when first needed.

    Raises:
        ValueError: If an argument is out of range.
    """

    fields = ('gesture_path', 'video_path')
    empty_reason = 'no hand in any frame'

    def __init__(
        self,
        target_fps: float = 30.0,
        max_frames: int | None = 300,
        max_gap: int = 5,
        smooth_keypoints: (
            Mapping[str, Any] | filters.SequenceFilter | None
        ) = None,
        normalize_coordinates: bool = True,
        keep_motion: bool = False,
        num_hands: int = 2,
        border: float = 0.0,
        detection_confidence: float = 0.5,
        presence_confidence: float = 0.5,
        tracking_confidence: float = 0.5,
        model: str | None = None,
    ) -> None:
        _check('target_fps', target_fps, target_fps > 0, 'above 0')
        _check(
            'max_frames',
            max_frames,
            max_frames is None or max_frames > 0,
            'above 0 or None',
        )
        _check('max_gap', max_gap, max_gap >= 0, 'at least 0')
        _check('num_hands', num_hands, num_hands in (1, 2), '1 or 2')
        _check('border', border, 0 <= border <= 2, 'in 0..2')
        confidences = (
            detection_confidence,
            presence_confidence,
            tracking_confidence,
        )
        _check(
            'every confidence',
            confidences,
            all(0 <= value <= 1 for value in confidences),
            'in 0..1',
        )
        self.target_fps = float(target_fps)
        self.max_frames = max_frames
        self.max_gap = max_gap
        self.smooth_keypoints: filters.SequenceFilter | None = build(
            smooth_keypoints, TASK_UTILS
        )
        self.normalize_coordinates = normalize_coordinates
        self.keep_motion = keep_motion
        self.model = model
        self.options = hand_landmarker.HandOptions(
            num_hands, *confidences, border
        )

    @property
    def attributes(self) -> dict[str, int | float | str]:
        """Frames a second."""
        return {'fps': self.target_fps}

    def require(self, fields: Collection[str]) -> dict[str, str]:
        """Fetch the landmark model if there are videos."""
        if 'video_path' not in fields:
            return {}
        model = hand_model.locate(self.model)
        return {
            'mediapipe': hand_landmarker.version(),
            'hand_landmarker_sha256': hand_model.checksum(model),
        }

    def __call__(
        self, path: Path, field: str, annotation: SampleAnnotation
    ) -> Prepared | None:
        """Prepare one file; None if no frame shows a hand."""
        if field == 'gesture_path':
            landmarks, scores, size = read_landmarks(
                path, self.target_fps, self.max_frames, annotation.metadata
            )
        else:
            landmarks, scores, size = self._detect(path)
        landmarks = self._refine(landmarks, size)
        valid = filters.seen(landmarks)
        if not valid.any():
            return None
        arrays = {
            'data': landmarks.astype(np.float16),
            'score': np.where(valid, scores, 0).astype(np.float16),
            'valid': valid,
        }
        return Prepared(arrays, annotation)

    def _detect(
        self, path: Path
    ) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
        """Landmarks ``[T, 2, V, 3]`` in pixels, scores, (width, height)."""
        model = hand_model.locate(self.model)
        frames = read_frames(path, self.target_fps, self.max_frames)
        with closing(frames):
            hands, size = hand_landmarker.detect_hands(
                frames, model, self.options
            )
        return (*assign_slots(hands, hand_landmarker.NUM_JOINTS), size)

    def _refine(
        self, landmarks: np.ndarray, size: tuple[int, int]
    ) -> np.ndarray:
        """Fill, smooth and normalise landmarks given in pixels."""
        landmarks = filters.interpolate_gaps(landmarks, self.max_gap)
        # Smoothing too is done in hand sizes: how much jitter matters does
        # not depend on the camera. A hand of no size becomes unseen.
        sizes = filters.hand_sizes(landmarks)[:, None, None]
        landmarks = landmarks / sizes
        if self.smooth_keypoints is not None:
            landmarks = filters.smooth(
                landmarks, self.smooth_keypoints, self.target_fps
            )
        if self.normalize_coordinates:
            return filters.centre(landmarks, self.keep_motion)
        return landmarks * sizes / [size[0], size[1], size[0]]


def _check(name: str, value: object, accepted: bool, allowed: str) -> None:
    if not accepted:
        raise ValueError(f'{name} must be {allowed}, got {value!r}')
