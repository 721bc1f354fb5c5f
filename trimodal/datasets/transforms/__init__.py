"""Augmentations, one file a modality, and the packing of inputs."""

from trimodal.datasets.transforms.base import ModalityTransform
from trimodal.datasets.transforms.color import ColorJitter
from trimodal.datasets.transforms.cropping import RandomIoUCrop
from trimodal.datasets.transforms.formatting import PackInputs
from trimodal.datasets.transforms.gesture import (
    MirrorHands,
    RotateScaleLandmarks,
    SpatialNoise,
)
from trimodal.datasets.transforms.gesture_time import (
    DropFrames,
    SampleFrames,
    TemporalJitter,
)
from trimodal.datasets.transforms.image import RandomFlip, RandomRotate
from trimodal.datasets.transforms.joining import JoinClips
from trimodal.datasets.transforms.labels import CollectLabels
from trimodal.datasets.transforms.noise import AddNoise
from trimodal.datasets.transforms.resizing import (
    RandomResize,
    RandomResizedCrop,
    Resize,
)
from trimodal.datasets.transforms.speech import (
    CropSpeech,
    SpeedPerturb,
    TimeShift,
    VolumePerturb,
)
from trimodal.datasets.transforms.speech_robust import (
    EqualizerPerturb,
    TrimEdges,
)

__all__ = [
    'AddNoise',
    'CollectLabels',
    'ColorJitter',
    'CropSpeech',
    'DropFrames',
    'EqualizerPerturb',
    'JoinClips',
    'MirrorHands',
    'ModalityTransform',
    'PackInputs',
    'RandomFlip',
    'RandomIoUCrop',
    'RandomResize',
    'RandomResizedCrop',
    'RandomRotate',
    'Resize',
    'RotateScaleLandmarks',
    'SampleFrames',
    'SpatialNoise',
    'SpeedPerturb',
    'TemporalJitter',
    'TimeShift',
    'TrimEdges',
    'VolumePerturb',
]
