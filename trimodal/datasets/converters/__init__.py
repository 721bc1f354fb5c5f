"""Converters: from public or generated sources to the input layout.

They write ``OUT/{train,val,test}/{speech,video,images}/`` and an
``annotations.json`` in each split, which ``tools/prepare_data.py`` reads.
"""

from trimodal.datasets.converters.demo import generate_demo
from trimodal.datasets.converters.demo_design import DemoOptions
from trimodal.datasets.converters.downloads import (
    FSDD_URL,
    SIGN_DIGITS_URL,
    fetch_mnist,
    fetch_repository,
)
from trimodal.datasets.converters.files import ConversionError
from trimodal.datasets.converters.tridigits import convert_tridigits
from trimodal.datasets.converters.tridigits_annotations import (
    TriDigitsOptions,
)

__all__ = [
    'FSDD_URL',
    'SIGN_DIGITS_URL',
    'ConversionError',
    'DemoOptions',
    'TriDigitsOptions',
    'convert_tridigits',
    'fetch_mnist',
    'fetch_repository',
    'generate_demo',
]
