"""From a list of samples to a padded batch on the device."""

from trimodal.models.data_preprocessors.base import BasePreprocessor
from trimodal.models.data_preprocessors.gesture import GesturePreprocessor
from trimodal.models.data_preprocessors.image import ImagePreprocessor
from trimodal.models.data_preprocessors.speech import SpeechPreprocessor
from trimodal.models.data_preprocessors.trimodal import (
    TriModalDataPreprocessor,
)
from trimodal.models.data_preprocessors.waveform import WaveformPreprocessor

__all__ = [
    'BasePreprocessor',
    'GesturePreprocessor',
    'ImagePreprocessor',
    'SpeechPreprocessor',
    'TriModalDataPreprocessor',
    'WaveformPreprocessor',
]
