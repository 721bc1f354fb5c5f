"""From media files to packed data, one preparer a modality."""

from trimodal.datasets.preparation.base import (
    MediaError,
    Prepared,
    Preparer,
    Problem,
)
from trimodal.datasets.preparation.filters import OneEuroFilter, SavgolFilter
from trimodal.datasets.preparation.gesture import GesturePreparer
from trimodal.datasets.preparation.image import ImagePreparer
from trimodal.datasets.preparation.runner import prepare_dataset
from trimodal.datasets.preparation.sample import (
    build_preparers,
    prepare_sample,
)
from trimodal.datasets.preparation.speech import SpeechPreparer

__all__ = [
    'GesturePreparer',
    'ImagePreparer',
    'MediaError',
    'OneEuroFilter',
    'Prepared',
    'Preparer',
    'Problem',
    'SavgolFilter',
    'SpeechPreparer',
    'build_preparers',
    'prepare_dataset',
    'prepare_sample',
]
