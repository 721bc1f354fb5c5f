"""Converters: from public or generated sources to the input layout.

They write ``OUT/{train,val,test}/{speech,video,images}/`` and an
``annotations.json`` in each split, which ``tools/prepare_data.py`` reads;
those that change a TriDigits go from packed files to packed files.
"""

from trimodal.datasets.converters.connected_digits import (
    convert_connected_digits,
)
from trimodal.datasets.converters.connected_digits_plan import (
    ConnectedDigitsOptions,
)
from trimodal.datasets.converters.demo import generate_demo
from trimodal.datasets.converters.demo_design import DemoOptions
from trimodal.datasets.converters.downloads import (
    FSDD_URL,
    SIGN_DIGITS_URL,
    fetch_file,
    fetch_mnist,
    fetch_repository,
)
from trimodal.datasets.converters.files import ConversionError
from trimodal.datasets.converters.point_history import (
    POINT_HISTORY_URL,
    PointHistoryOptions,
    convert_point_history,
)
from trimodal.datasets.converters.tridigits import convert_tridigits
from trimodal.datasets.converters.tridigits_annotations import (
    TriDigitsOptions,
)
from trimodal.datasets.converters.tridigits_det import (
    DetectionOptions,
    convert_tridigits_det,
)
from trimodal.datasets.converters.tridigits_hard import (
    HardOptions,
    convert_tridigits_hard,
)
from trimodal.datasets.converters.tridigits_recast import RecastOptions
from trimodal.datasets.converters.tridigits_reg import convert_tridigits_reg
from trimodal.datasets.converters.voc_to_coco import (
    VocOptions,
    VocReport,
    convert_voc_to_coco,
)

__all__ = [
    'FSDD_URL',
    'POINT_HISTORY_URL',
    'SIGN_DIGITS_URL',
    'ConnectedDigitsOptions',
    'ConversionError',
    'DemoOptions',
    'DetectionOptions',
    'HardOptions',
    'PointHistoryOptions',
    'RecastOptions',
    'TriDigitsOptions',
    'VocOptions',
    'VocReport',
    'convert_connected_digits',
    'convert_point_history',
    'convert_tridigits',
    'convert_tridigits_det',
    'convert_tridigits_hard',
    'convert_tridigits_reg',
    'convert_voc_to_coco',
    'fetch_file',
    'fetch_mnist',
    'fetch_repository',
    'generate_demo',
]
