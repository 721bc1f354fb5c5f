"""Pictures to RGB arrays of one size, boxes along with them."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

from trimodal.datasets.annotation_types import SampleAnnotation
from trimodal.datasets.preparation.base import MediaError, Prepared, Preparer
from trimodal.registry import TASK_UTILS

_ENCODINGS = ('raw', 'jpeg')


@TASK_UTILS.register_module()
class ImagePreparer(Preparer):
    """A picture as upright RGB of a given size.

    Boxes are moved with it, and ``ori_shape`` of the annotation becomes the
    size that it had on disk. Transparency is dropped.

    Args:
        target_size (tuple[int, int], optional): (height, width) in pixels;
            None keeps every picture's own. Defaults to (224, 224).
        keep_ratio (bool): Make the picture as large as fits into
            ``target_size`` and keep its aspect; it is not padded. Defaults
            to False: it is stretched to exactly ``target_size``.
        encoding (str): 'raw' stores uint8 ``[H, W, 3]``; 'jpeg' stores JPEG
            bytes, uint8 ``[N]``: some ten times smaller, decoded at every
            reading. Defaults to 'raw'.
        jpeg_quality (int): 1 to 100, used by 'jpeg'. Defaults to 95.

    Raises:
        ValueError: If an argument is out of range.
    """

    fields = ('image_path',)

    def __init__(
        self,
        target_size: tuple[int, int] | None = (224, 224),
        keep_ratio: bool = False,
        encoding: Literal['raw', 'jpeg'] = 'raw',
        jpeg_quality: int = 95,
    ) -> None:
        if target_size is not None and (
            len(target_size) != 2 or min(target_size) < 1
        ):
            raise ValueError(
                'target_size must be (height, width) of at least 1 pixel, '
                f'got {target_size!r}'
            )
        if encoding not in _ENCODINGS:
            raise ValueError(
                f'encoding must be one of {_ENCODINGS}, got {encoding!r}'
            )
        if not 1 <= jpeg_quality <= 100:
            raise ValueError(
                f'jpeg_quality must lie in 1..100, got {jpeg_quality!r}'
            )
        self.target_size = target_size
        self.keep_ratio = keep_ratio
        self.encoding = encoding
        self.jpeg_quality = jpeg_quality

    @property
    def attributes(self) -> dict[str, int | float | str]:
        """How the pictures are stored."""
        return {'encoding': self.encoding}

    def __call__(
        self, path: Path, field: str, annotation: SampleAnnotation
    ) -> Prepared:
        """Prepare one picture."""
        image = read_image(path)
        before = image.size
        _check_size(annotation, before)
        if self.target_size is not None:
            # reducing_gap halves a large picture cheaply before the last,
            # careful step; at 3 the result is as good as without.
            image = image.resize(
                self._size(before), Image.Resampling.BILINEAR, reducing_gap=3
            )
        scale = np.divide(image.size, before)
        if annotation.bboxes is not None:
            bboxes = annotation.bboxes * np.tile(scale, 2)
            annotation = replace(annotation, bboxes=bboxes.astype(np.float32))
        annotation = replace(annotation, ori_shape=(before[1], before[0]))
        return Prepared({'data': self._encode(image)}, annotation)

    def _size(self, size: tuple[int, int]) -> tuple[int, int]:
        """(width, height) of the result for one of ``size``."""
        assert self.target_size is not None
        height, width = self.target_size
        if not self.keep_ratio:
            return width, height
        scale = min(width / size[0], height / size[1])
        return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)

    def _encode(self, image: Image.Image) -> np.ndarray:
        if self.encoding == 'raw':
            return np.array(image)
        buffer = BytesIO()
        image.save(buffer, 'JPEG', quality=self.jpeg_quality)
        return np.frombuffer(buffer.getvalue(), np.uint8)


def _check_size(annotation: SampleAnnotation, size: tuple[int, int]) -> None:
    """Refuse another picture than the one that was annotated."""
    expected = annotation.ori_shape
    if expected is not None and expected != (size[1], size[0]):
        raise MediaError(
            f'is {size[0]} x {size[1]} pixels upright, but annotated as '
            f'{expected[1]} x {expected[0]}'
        )


def read_image(path: Path) -> Image.Image:
    """Read a picture as upright RGB, its EXIF orientation undone.

    Args:
        path (Path): The file.

    Returns:
        Image.Image: In mode RGB.

    Raises:
        MediaError: If the file can't be decoded.
    """
    try:
        with Image.open(path) as image:
            image.load()
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith('I'):
                # Pillow would clip 16 bits to white instead of scaling.
                upright = _to_8_bits(upright)
            return upright.convert('RGB')
    except (
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
    ) as error:
        raise MediaError(f'can not be decoded: {error}') from error


def _to_8_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image, np.float64)
    return Image.fromarray((values / 257).clip(0, 255).astype(np.uint8))
