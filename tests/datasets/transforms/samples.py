"""A sample as a data set gives it, for all tests of transforms."""

from typing import Any

import cv2
import numpy as np

from trimodal.datasets.transforms import (
    AddNoise,
    ColorJitter,
    CropSpeech,
    DropFrames,
    EqualizerPerturb,
    MirrorHands,
    ModalityTransform,
    RandomFlip,
    RandomIoUCrop,
    RandomResize,
    RandomResizedCrop,
    RandomRotate,
    Resize,
    RotateScaleLandmarks,
    SampleFrames,
    SpatialNoise,
    SpeedPerturb,
    TemporalJitter,
    TimeShift,
    TrimEdges,
    VolumePerturb,
)


def all_transforms() -> list[ModalityTransform]:
    """One of each, set so that it changes the sample below."""
    return [
        SpeedPerturb(),
        VolumePerturb(),
        AddNoise(),
        TimeShift(),
        EqualizerPerturb(),
        TrimEdges(),
        CropSpeech(max_duration=0.1),
        SpatialNoise(),
        MirrorHands(prob=1.0),
        RotateScaleLandmarks(tilt=10.0),
        TemporalJitter(),
        DropFrames(ratio=(0.2, 0.5)),
        SampleFrames(num_frames=10),
        RandomFlip(prob=1.0),
        RandomRotate(),
        RandomResizedCrop(size=32, scale=(0.3, 0.6)),
        RandomIoUCrop(min_overlaps=(0.1,), prob=1.0),
        RandomResize(sizes=((30, 40), 20, 50)),
        Resize(size=(30, 40)),
        ColorJitter(hue=0.1),
    ]


def make_sample(seed: int = 0) -> dict[str, Any]:
    """A complete sample with read-only arrays and a seeded rng."""
    rng = np.random.default_rng(100)
    gesture = rng.uniform(size=(20, 2, 21, 3)).astype(np.float16)
    score = rng.uniform(0.5, 1, size=(20, 2)).astype(np.float16)
    gesture[5:8, 0], score[5:8, 0] = np.nan, 0
    gesture[12:14], score[12:14] = np.nan, 0
    sample = {
        'sample_id': 'a',
        'sample_idx': 3,
        'group': 'g',
        'modalities': ('speech', 'gesture', 'image'),
        'speech': rng.integers(-20000, 20000, 4000).astype(np.int16),
        'speech_sample_rate': 16000,
        'gesture': gesture,
        'gesture_score': score,
        'gesture_valid': score > 0,
        'gesture_fps': 30.0,
        'image': smooth_image(48, 64),
        'ori_shape': (96, 128),
        'img_shape': (48, 64),
        'gt_bboxes': np.array(
            [[4, 6, 30, 40], [50, 2, 64, 20], [20, 20, 44, 30]], np.float32
        ),
        'gt_bboxes_labels': np.array([2, 0, 1]),
        'gt_bboxes_scores': np.array([0.9, 0.8, 0.7], np.float32),
    }
    for value in sample.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return {**sample, 'rng': np.random.default_rng(seed)}


def smooth_image(height: int, width: int) -> np.ndarray:
    """A colourful picture in which interpolations agree closely."""
    noise = np.random.default_rng(7).integers(0, 256, (5, 6, 3), np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
